"""`narrowcast screenshots`: what is missing is told before anything is made."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from narrowcast_lab import browser
from narrowcast_lab.commands.screenshots import screenshots
from narrowcast_shared.errors import SettingsError


def test_no_folder_is_made_where_there_is_no_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "DRIVER", "no-such-driver")
    asked = CliRunner().invoke(screenshots, [str(tmp_path / "pictures")])
    assert isinstance(asked.exception, SettingsError)
    assert "install" in asked.exception.remedy
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "missing", lambda: None)
    (tmp_path / "file").touch()
    asked = CliRunner().invoke(screenshots, [str(tmp_path / "file" / "pictures")])
    assert "cannot be made" in str(asked.exception)

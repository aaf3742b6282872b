"""README's figures are what `narrowcast bench figures` draws out of what is committed."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from narrowcast_lab.commands.bench_figures import figures
from narrowcast_lab.readme_figures import FIGURES
from narrowcast_shared.errors import SettingsError

ROOT = Path(__file__).parents[2]


def test_those_that_are_committed_are_those_that_are_drawn(tmp_path: Path) -> None:
    arguments = ["--benchmarks", str(ROOT / "benchmarks"), "--out", str(tmp_path / "new")]
    assert CliRunner().invoke(figures, arguments).exit_code == 0
    for name in FIGURES:
        drawn = (tmp_path / "new" / f"{name}.svg").read_text()
        assert drawn == (ROOT / "docs" / "images" / f"{name}.svg").read_text()
        assert f"docs/images/{name}.svg" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", FIGURES)
def test_benchmarks_that_are_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read .*--benchmarks") as raised:
        FIGURES[name](tmp_path)
    assert raised.value.see is None, "no page says more of it"


def test_elsewhere_no_folder_is_left_behind(tmp_path: Path) -> None:
    out = tmp_path / "docs" / "images"
    asked = CliRunner().invoke(figures, ["--benchmarks", str(tmp_path), "--out", str(out)])
    assert isinstance(asked.exception, SettingsError)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "images"
    arguments = ["--benchmarks", str(ROOT / "benchmarks"), "--out", str(out)]
    assert "cannot be made" in str(CliRunner().invoke(figures, arguments).exception)

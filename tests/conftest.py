"""What tests of several components have in common."""

import signal
from types import ModuleType

import pytest

from . import command_lines as command_lines_


def pytest_configure() -> None:
    """A shell's background job ignores Ctrl-C, and so would every process that tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def command_lines() -> ModuleType:
    """Finds and checks `narrowcast ...` in texts, without running it."""
    return command_lines_

"""What tests of several components have in common."""

import os
import signal
import sys
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

from . import command_lines as command_lines_

# Before NumPy and torch are loaded, here and in the processes that tests start. The matrices are
# small: on a busy machine their threads wait for each other a hundred times longer than they work.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# Who has told Python to keep no compiled modules would have every process of a test compile
# the whole of narrowcast anew, and pytest every test.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# What hypothesis tries is the same at every run, and may take its time on a busy machine.
# `make deep` tries others, and more of them.
settings.register_profile(
    "suite",
    max_examples=50,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(
    "deep", settings.get_profile("suite"), max_examples=1000, derandomize=False
)
settings.load_profile("suite")


def pytest_configure() -> None:
    """A shell's background job ignores Ctrl-C, and so would every process that tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def command_lines() -> ModuleType:
    """Finds and checks `narrowcast ...` in texts, without running it."""
    return command_lines_

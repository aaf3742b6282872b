"""Imports as older documentation named them: they work, and warn."""

import subprocess
import sys

import pytest

OLD = {
    "from narrowcast_shared.client import Address, Mark, Replay, decoder_at, replay, subscribe":
        "narrowcast_shared.client is now narrowcast_client",
    "from narrowcast_shared.client.marks import add_mark":
        "narrowcast_shared.client is now narrowcast_client",
    "from narrowcast_shared.baseline import BaselineChoice":
        "narrowcast_shared.baseline is now narrowcast_client.baseline",
    "from narrowcast_shared.baseline.estimate import Bin, rest_of":
        "narrowcast_shared.baseline is now narrowcast_client.baseline",
}  # fmt: skip


def _new(line: str) -> str:
    line = line.replace("shared.client.marks", "client").replace("shared.client", "client")
    return line.replace("shared.baseline", "client.baseline")


@pytest.mark.parametrize("line", OLD)
def test_an_old_name_gives_the_same_thing_and_warns(line: str) -> None:
    name = line.rpartition(" ")[2]
    new = _new(line)
    program = f"{line}\nold = {name}\n{new}\nassert old is {name}"
    command = [sys.executable, "-W", "default", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "<string>:1: DeprecationWarning" in done.stderr
    assert OLD[line] in done.stderr


@pytest.mark.parametrize("line", OLD)
def test_a_new_name_does_not_warn(line: str) -> None:
    command = [sys.executable, "-W", "error", "-c", _new(line)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr

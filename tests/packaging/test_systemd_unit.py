"""The encoder's unit for systemd: understood by systemd, and a command that narrowcast knows."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from narrowcast_encoder.commands.encode import encode

UNIT = Path(__file__).parents[2] / "deploy" / "narrowcast-encoder.service"


def setting(name: str) -> str:
    (value,) = re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)
    return str(value)


def test_systemd_understands_it(tmp_path: Path) -> None:
    """With a program that exists here in place of the installed one, which it looks for."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed: the test needs it to check the unit")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/narrowcast/bin/narrowcast", sys.executable))
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert complaints == []
    assert done.returncode == 0, done.stderr


def test_it_is_started_again_for_ever() -> None:
    assert setting("Restart") == "always"
    assert setting("StartLimitIntervalSec") == "0"


def test_its_command_is_one_of_narrowcast_and_shows_no_token() -> None:
    program, command, *arguments = setting("ExecStart").split()
    assert (Path(program).name, command) == ("narrowcast", "encode")
    assert not any(argument.startswith("--token") for argument in arguments)
    help_page = CliRunner().invoke(encode, ["--help"]).output
    assert all(argument in help_page for argument in arguments if argument.startswith("--"))

"""`watch --lsl`: the scenarios in a network of their own, and what it says where it cannot be."""

import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from narrowcast_client.commands.watch import watch
from narrowcast_shared.errors import NarrowcastError, install_hint

SCENARIOS = Path(__file__).with_name("lsl_scenarios.py")
UNSHARE = ["unshare", "--map-root-user", "--net"]
LSL_SETTINGS = """\
[ports]
IPv6 = disable
[multicast]
ResolveScope = machine
MachineAddresses = {127.0.0.1}
ListenAddress = 127.0.0.1
[lab]
KnownPeers = {127.0.0.1}
[log]
level = -3
"""


@pytest.fixture
def own_network() -> None:
    """Skips where this user may have no network of their own."""
    for tool in ("unshare", "ip"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: the test needs a network of its own")
    tried = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"the kernel makes no network namespace: {tried.stderr.strip()}")


@pytest.mark.usefixtures("own_network")
def test_the_scenarios(tmp_path: Path) -> None:
    pytest.importorskip("pylsl")
    settings = tmp_path / "lsl.cfg"
    settings.write_text(LSL_SETTINGS)
    script = (
        'ip link set lo up && exec env LSLAPICFG="$1" "$2" -m pytest -q -p no:cacheprovider "$3"'
    )
    words = [*UNSHARE, "sh", "-c", script, "sh", str(settings), sys.executable, str(SCENARIOS)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def test_without_pylsl_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pylsl", None)
    result = CliRunner().invoke(watch, ["anna", "--lsl"])
    assert isinstance(result.exception, NarrowcastError)
    assert str(result.exception) == f"--lsl requires pylsl: {install_hint('lsl')}"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["anna", "--lsl", "--replay"], "--lsl pushes live samples: leave out --replay"),
        (["anna", "--quiet"], "--quiet leaves nothing to do: add --lsl"),
        (["anna", "--lsl", "--quiet", "--json"], "--quiet shows nothing: leave out --json"),
    ],
)
def test_what_contradicts_itself_is_told(words: list[str], told: str) -> None:
    result = CliRunner().invoke(watch, words)
    assert result.exit_code == click.UsageError.exit_code
    assert told in result.stderr

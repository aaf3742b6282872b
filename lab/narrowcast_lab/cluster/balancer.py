"""HAProxy with the settings of deploy/haproxy.cfg, in front of decoders on loopback."""

import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from narrowcast_lab import processes
from narrowcast_lab.free_port import free_port
from narrowcast_shared.errors import LinkError

SETTINGS = Path(__file__).parents[3] / "deploy/haproxy.cfg"

START_TIMEOUT_S = 10.0
POLL_S = 0.05

_EDITS = (
    (r"^resolvers docker\n(?: .*\n)+\n", ""),
    (r" resolvers docker resolve-prefer ipv4 init-addr none$", ""),
    (r"^    bind :8000$", "    bind 127.0.0.1:{port}"),
    (r"^    server-template decoder 32 decoder:8000$", "{servers}"),
)
"""Where the deployed file finds decoders by the network's DNS, which is not there on loopback."""


class Balancer(NamedTuple):
    """Where it answers, and its process."""

    url: str
    pid: int


@contextmanager
def running(folder: Path, ports: Sequence[int]) -> Iterator[Balancer]:
    """A balancer for decoders on these ports, ended on the way out; its log is in `folder`.

    Raises LinkError where HAProxy is not installed or does not start.
    """
    port = free_port()
    file, log = folder / f"haproxy-{port}.cfg", folder / f"haproxy-{port}.log"
    file.write_text(config(settings(), port, ports))
    with processes.child_process([program(), "-db", "-f", str(file)], log) as child:
        _wait_ready(port, child, log)
        yield Balancer(f"http://127.0.0.1:{port}", child.pid)


def program() -> str:
    """HAProxy's program. Raises LinkError where it is not installed."""
    found = shutil.which("haproxy", path="/usr/local/sbin:/usr/sbin") or shutil.which("haproxy")
    if found is None:
        raise LinkError("there is no HAProxy", "install it: apt-get install haproxy")
    return found


def settings() -> str:
    """The deployed settings. Raises LinkError where this is no checkout."""
    try:
        return SETTINGS.read_text()
    except OSError:
        raise LinkError(
            "deploy/haproxy.cfg is not there, whose settings are tried",
            "run this from a checkout of the repository, installed with pip install --editable",
        ) from None


def config(deployed: str, port: int, decoders: Sequence[int]) -> str:
    """The deployed settings, all of them, for a balancer and decoders on ports of loopback.

    Raises LinkError where the file finds its decoders in another way than this knows.
    """
    servers = "\n".join(
        f"    server decoder-{number} 127.0.0.1:{decoder}"
        for number, decoder in enumerate(decoders)
    )
    for pattern, text in _EDITS:
        edited = text.format(port=port, servers=servers)
        deployed, count = re.subn(pattern, edited, deployed, flags=re.MULTILINE)
        if count != 1:
            raise LinkError(
                f"deploy/haproxy.cfg has {count} places like {pattern!r}, and should have one",
                "let narrowcast_lab.cluster.balancer know how it finds its decoders",
            )
    return deployed


def _wait_ready(port: int, child: "subprocess.Popen[bytes]", log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while child.poll() is None and time.monotonic() < deadline_s:
        with suppress(OSError), opener.open(f"http://127.0.0.1:{port}/balancer", timeout=2):
            return
        time.sleep(POLL_S)
    raise LinkError("HAProxy does not start", log.read_text(errors="replace").strip()[-500:])

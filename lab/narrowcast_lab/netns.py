"""Two network namespaces with a real line between them: what the simulation is checked against.

    encoder in `up` -- veth pair, tc tbf on the encoder's side --> decoder in `down`

Needs root, and iproute2's `ip` and `tc`. The namespaces have names of their own and are always
deleted on the way out, and with them the veth pair; what runs inside is to be ended before.
"""

import os
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from narrowcast_shared.errors import LinkError

ETHERNET_BYTES = 14
"""What tbf, and the counters of a veth pair, bill a packet beside its IP bytes."""

MTU_BYTES = 576
"""Small, as on slow serial lines: tbf's bucket holds one packet at least, and what it holds may
leave at once, where the simulation serialises every byte."""

DOWN_ADDRESS = "10.0.0.2"
_UP_ADDRESS = "10.0.0.1"
_DEVICE = "line"
_TOOL_TIMEOUT_S = 10.0
_QUEUE_BYTES = 65_536


class Namespaces(NamedTuple):
    """A namespace for the encoder, `up`, and one for the decoder, `down`, by name."""

    up: str
    down: str

    def shape(self, rate_bps: int) -> None:
        """Let the line carry no more than `rate_bps` from up to down, Ethernet counted."""
        burst = str(MTU_BYTES + ETHERNET_BYTES)
        tbf = ["tbf", "rate", f"{rate_bps}bit", "burst", burst, "limit", str(_QUEUE_BYTES)]
        _tool("tc", "-n", self.up, "qdisc", "add", "dev", _DEVICE, "root", *tbf)

    def unshape(self) -> None:
        """Take the limit away."""
        _tool("tc", "-n", self.up, "qdisc", "del", "dev", _DEVICE, "root")

    def sent_bytes(self) -> int:
        """IP bytes that have left the encoder's side so far, all headers counted."""
        folder = Path("/sys/class/net") / _DEVICE / "statistics"
        files = [str(folder / name) for name in ("tx_bytes", "tx_packets")]
        size, packets = map(int, _tool(*within(self.up), "cat", *files).split())
        return size - ETHERNET_BYTES * packets


def within(namespace: str) -> list[str]:
    """What runs a command in a namespace, when put before it; proxies are of no use there."""
    return ["ip", "netns", "exec", namespace, "env", "no_proxy=*"]


@contextmanager
def namespaces() -> Iterator[Namespaces]:
    """Make them, joined and up; delete them on the way out, however that is taken.

    Raises LinkError where they cannot be made.
    """
    if os.geteuid() != 0:
        raise LinkError("a real line is made of network namespaces", "run this as root")
    token = secrets.token_hex(4)
    pair = Namespaces(f"narrowcast-{token}-up", f"narrowcast-{token}-down")
    with ExitStack() as stack:
        for name in pair:
            stack.callback(_delete, name)  # first, so that nothing can come in between
            _tool("ip", "netns", "add", name)
        _join(pair)
        yield pair


def _join(pair: Namespaces) -> None:
    mtu = ["mtu", str(MTU_BYTES)]
    ends = [_DEVICE, *mtu, "netns", pair.up, "type", "veth", "peer", "name", _DEVICE]
    _tool("ip", "link", "add", *ends, *mtu, "netns", pair.down)
    for name, address in zip(pair, (_UP_ADDRESS, DOWN_ADDRESS), strict=True):
        _tool("ip", "-n", name, "address", "add", f"{address}/30", "dev", _DEVICE)
        _tool("ip", "-n", name, "link", "set", "lo", "up")
        _tool("ip", "-n", name, "link", "set", _DEVICE, "up")


def _delete(name: str) -> None:
    if (Path("/run/netns") / name).exists():
        _tool("ip", "netns", "delete", name)


def _tool(*command: str) -> str:
    """Run one of the tools. Raises LinkError with what it complains about."""
    try:
        done = _run(command)
    except FileNotFoundError:
        raise LinkError(f"`{command[0]}` is not here", "install iproute2") from None
    if done.returncode != 0:
        said = done.stderr.strip().rpartition("\n")[2] or f"exit status {done.returncode}"
        raise LinkError(f"`{' '.join(command)}` failed ({said})")
    return done.stdout


def _run(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - tools of iproute2, names of our own
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TOOL_TIMEOUT_S,
        check=False,
        process_group=0,  # Ctrl-C is for this process, which then deletes what was made
    )

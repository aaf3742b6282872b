"""The real line: made where that is allowed, limited as told, and gone afterwards."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from narrowcast_lab import netns
from narrowcast_lab.netns import Namespaces, namespaces, within
from narrowcast_shared.errors import LinkError

NETNS = Path("/run/netns")


def ours() -> set[str]:
    return {path.name for path in NETNS.glob("narrowcast-*")} if NETNS.exists() else set()


@pytest.fixture
def pair(network_namespaces: None) -> Iterator[Namespaces]:  # noqa: ARG001 - it may skip
    with namespaces() as pair:
        yield pair
    assert not ours() & set(pair)


SEND = """
import socket, sys, time
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[2])):
    sender.sendto(bytes(72), (sys.argv[1], 9))
"""


def send(pair: Namespaces, packets: int) -> None:
    """UDP packets of 100 B of IP each, all at once."""
    command = [*within(pair.up), sys.executable, "-c", SEND, netns.DOWN_ADDRESS, str(packets)]
    subprocess.run(command, check=True, timeout=90)


def test_the_line_is_joined_and_its_bytes_are_counted_without_ethernet(pair: Namespaces) -> None:
    before = pair.sent_bytes()
    send(pair, 10)
    assert 1000 <= pair.sent_bytes() - before < 1500, "and a little for ARP and IPv6"


def test_the_line_carries_what_it_is_told_to(pair: Namespaces) -> None:
    pair.shape(16_000)
    before = pair.sent_bytes()
    send(pair, 100)
    at_once = pair.sent_bytes() - before
    assert at_once < 5000, "a bucket of one full packet, and what leaves meanwhile"
    pair.unshape()
    send(pair, 10)
    assert pair.sent_bytes() - before >= 1000


def test_two_pairs_do_not_meet(pair: Namespaces) -> None:
    with namespaces() as other:
        assert not set(pair) & set(other)
        assert ours() >= {*pair, *other}
    assert ours() >= set(pair)


@pytest.mark.usefixtures("pair")
def test_an_error_inside_leaves_nothing_behind() -> None:
    names: set[str] = set()

    def fail() -> None:
        with namespaces() as made:
            names.update(made)
            made.unshape()  # there is nothing to take away

    with pytest.raises(LinkError, match="qdisc del"):
        fail()
    assert names
    assert not ours() & names


@pytest.mark.usefixtures("pair")
def test_ctrl_c_leaves_nothing_behind() -> None:
    script = """
    import time
    from narrowcast_lab.netns import namespaces
    with namespaces() as pair:
        print(*pair, flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        names = set(child.stdout.readline().decode().split())
        assert len(names) == 2
        assert ours() >= names
        child.send_signal(signal.SIGINT)
        child.wait(90)
    assert not ours() & names


def test_without_root_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LinkError, match=r"network namespaces: run this as root"), namespaces():
        pass


def test_without_its_tools_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LinkError, match="`ip` is not here: install iproute2"), namespaces():
        pass

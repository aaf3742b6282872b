"""Connections are counted where they are accepted."""

import socket
from collections.abc import Iterator

import pytest

from narrowcast_decoder.security.addresses import parse_network
from narrowcast_decoder.security.limits import Limits
from narrowcast_decoder.security.listener import MAX_REFUSED_AT_ONCE, Doorkeeper, GuardedListener
from narrowcast_decoder.security.refusals import Kind
from narrowcast_shared.clock import SystemClock


def test_connections_of_an_address_and_in_all() -> None:
    limits = Limits(connections=5, connections_per_address=3)
    door = Doorkeeper(limits, by_address=True, proxies=())
    for _ in range(3):
        assert door.enter("203.0.113.5", 0) is None
    refusal = door.enter("203.0.113.5", 0)
    assert refusal is not None
    assert refusal.kind is Kind.TOO_MANY_CONNECTIONS
    assert door.enter("203.0.113.6", 0) is None
    assert door.enter("203.0.113.7", 0) is None
    assert door.enter("203.0.113.8", 0) is not None, "no more in all"
    door.leave("203.0.113.5")
    assert door.enter("203.0.113.5", 0) is None
    for address in ("203.0.113.5",) * 3 + ("203.0.113.6", "203.0.113.7"):
        door.leave(address)
    assert door.total == 0
    assert not door._of_address, "nothing is remembered of who has gone"


def test_new_connections_a_second() -> None:
    limits = Limits(new_connections_per_s=2)
    door = Doorkeeper(limits, by_address=True, proxies=())
    kinds = []
    for _ in range(10):
        refusal = door.enter("203.0.113.5", 0)
        kinds.append(refusal and refusal.kind)
        if refusal is None:
            door.leave("203.0.113.5")
    assert kinds == [None] * 8 + [Kind.TOO_MANY_REQUESTS] * 2
    assert door.enter("203.0.113.5", 1_000_000) is None


def test_a_proxy_is_everybody() -> None:
    limits = Limits(connections_per_address=1, new_connections_per_s=1)
    door = Doorkeeper(limits, by_address=True, proxies=[parse_network("10.0.0.0/8")])
    assert all(door.enter("10.0.0.1", 0) is None for _ in range(100))


@pytest.fixture
def listener() -> Iterator[GuardedListener]:
    with GuardedListener(socket.AF_INET, socket.SOCK_STREAM) as found:
        found.bind(("127.0.0.1", 0))
        found.listen(200)
        found.setblocking(False)
        yield found


def test_who_is_too_many_hears_so_and_a_closed_one_makes_room(listener: GuardedListener) -> None:
    door = Doorkeeper(Limits(connections=1), by_address=False, proxies=())
    listener.guard(door, SystemClock(), plain=True)
    with socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with socket.create_connection(listener.getsockname()) as second:
            with pytest.raises(BlockingIOError):
                listener.accept()
            second.settimeout(5)
            answer = second.makefile("rb").read()
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"urn:narrowcast:problem:too-many-connections" in answer
        accepted.close()
        accepted.close()
        assert door.total == 0
        with socket.create_connection(listener.getsockname()):
            listener.accept()[0].close()


def test_a_storm_is_turned_away_in_portions(listener: GuardedListener) -> None:
    door = Doorkeeper(Limits(connections=0), by_address=False, proxies=())
    listener.guard(door, SystemClock(), plain=False)
    peers = [
        socket.create_connection(listener.getsockname()) for _ in range(MAX_REFUSED_AT_ONCE + 5)
    ]
    for left in (5, 0):
        with pytest.raises(BlockingIOError):
            listener.accept()
        for peer in peers:
            peer.setblocking(False)
        assert sum(not is_closed(peer) for peer in peers) == left
    for peer in peers:
        peer.close()


def is_closed(peer: socket.socket) -> bool:
    try:
        return peer.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False

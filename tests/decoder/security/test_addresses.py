"""Whose connection it is."""

import pytest

from narrowcast_decoder.security.addresses import (
    client_address,
    is_loopback,
    limit_key,
    parse_network,
)

PROXIES = [parse_network("10.0.0.0/8"), parse_network("fd00::1")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.5", [], "203.0.113.5"),
        ("203.0.113.5", ["1.2.3.4"], "203.0.113.5"),  # not from a proxy: anybody may write it
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["9.9.9.9, 1.2.3.4"], "1.2.3.4"),  # what came before is the client's word
        ("10.0.0.1", ["9.9.9.9", "1.2.3.4"], "1.2.3.4"),  # two headers are one list
        ("10.0.0.1", ["1.2.3.4, 10.0.0.2"], "1.2.3.4"),  # two proxies
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["1.2.3.4, "], "10.0.0.1"),
        ("", ["1.2.3.4"], ""),
    ],
)
def test_x_forwarded_for_is_believed_of_proxies_alone(
    peer: str, forwarded: list[str], client: str
) -> None:
    assert client_address(peer, forwarded, PROXIES) == client


def test_limits_go_by_what_an_outsider_cannot_change() -> None:
    assert limit_key("203.0.113.5") == limit_key("::ffff:203.0.113.5") == "203.0.113.5"
    assert limit_key("2001:db8::1") == limit_key("2001:db8::ffff:1") != limit_key("2001:db8:1::1")
    assert limit_key("fe80::1%eth0") == "fe80::/64"
    assert len(limit_key("x" * 1000)) <= 64


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.4", False),
        ("localhost.example.org", False),
    ],
)
def test_only_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback

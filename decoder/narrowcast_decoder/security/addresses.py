"""Whose connection it is: the peer's address, or what a trusted proxy says of it. Pure."""

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

IPV6_SITE_BITS = 64
"""Of an IPv6 address, what an outsider is given all the rest of: limits are by this."""


def parse_network(text: str) -> Network:
    """An address, or a network as 10.0.0.0/8. Raises ValueError."""
    return ipaddress.ip_network(text.strip(), strict=False)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches who listens on this host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_address(host: str) -> bool:
    """Whether this is an address, and no name."""
    return _parsed(host) is not None


def is_of(address: str, networks: Sequence[Network]) -> bool:
    """Whether the address is of one of the networks."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def client_address(peer: str, forwarded_for: Sequence[str], proxies: Sequence[Network]) -> str:
    """The address behind the proxies that are trusted.

    forwarded_for: values of X-Forwarded-For, in order. It is read from its end: what a trusted
    proxy has added is true, what was there before anybody may have written.
    """
    address = peer
    hops = [hop.strip() for value in forwarded_for for hop in value.split(",")]
    while hops and is_of(address, proxies):
        hop = hops.pop()
        if _parsed(hop) is None:
            break
        address = hop
    return address


def limit_key(address: str) -> str:
    """What limits by address go by: an IPv4 address, or the /64 of an IPv6 one."""
    parsed = _parsed(address)
    if parsed is None or parsed.version == 4:
        return str(parsed or address)[:64]
    return str(ipaddress.ip_network((parsed, IPV6_SITE_BITS), strict=False))


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if parsed.version == 6 else parsed

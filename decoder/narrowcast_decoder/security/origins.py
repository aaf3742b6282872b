"""From whose page a browser's request comes, and which name it was made to. Pure.

A browser lets any page open a WebSocket to any host, and tells that page's origin; and a page can
have its own name lead to 127.0.0.1 (DNS rebinding), which the Host header tells.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from narrowcast_decoder.security.addresses import is_address, is_loopback

_DEFAULT_PORTS = {"http": "80", "https": "443"}
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?")


def normal_origin(text: str) -> str:
    """An origin as browsers write it. Raises ValueError where it is none."""
    parts = urlsplit(text.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError(f"{text!r} is no origin: write https://NAME, or https://NAME:PORT")
    _ = parts.port  # which checks it
    return f"{parts.scheme}://{parts.netloc}".lower()


def host_of(authority: str) -> str | None:
    """The host of a Host header, in lower case, without brackets; None where it is none."""
    match = _AUTHORITY.fullmatch(authority)
    return None if match is None else match["host"].strip("[]").lower().rstrip(".") or None


def allows_origin(origin: str | None, host: str | None, allowed: Collection[str]) -> bool:
    """Whether a page of this origin may do what only a page of the service should.

    origin, host: the headers; no origin is no browser. allowed: other origins, normalised, or `*`.
    The scheme of the service is left open, as a proxy may have ended its TLS.
    """
    if origin is None or "*" in allowed or origin.lower() in allowed:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    page = _with_port(parts.netloc, parts.scheme)
    return bool(page) and page in {_with_port(host or "", scheme) for scheme in _DEFAULT_PORTS}


def allows_host(
    host: str | None, allowed: Collection[str], *, loopback: bool, has_tokens: bool = False
) -> bool:
    """Whether a request may have been made to this host, port and all.

    loopback: the service listens on loopback, and is called by loopback's names. Elsewhere an
    address or a name without a dot will do, which nobody outside can make lead here. allowed: other
    names; where there are none, a service with tokens is called by any, for no page has one.
    """
    if host is None or (has_tokens and not loopback and not allowed):
        return True
    name = host_of(host)
    if name is None:
        return False
    if name in allowed or name.endswith(".localhost"):
        return True
    return is_loopback(name) if loopback else "." not in name or is_address(name)


def _with_port(authority: str, scheme: str) -> str:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return ""
    port = match["port"] or _DEFAULT_PORTS.get(scheme, "")
    return f"{match['host'].lower()}:{port}"

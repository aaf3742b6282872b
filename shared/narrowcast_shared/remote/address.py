"""Where a decoder is: one base URL, and the addresses of its API below it."""

import ipaddress
import logging
import ssl
import urllib.request
from typing import NamedTuple
from urllib.parse import urlsplit

from narrowcast_shared.errors import ProtocolError, SettingsError
from narrowcast_shared.remote.access import NO_ACCESS, Access
from narrowcast_shared.wire.messages import check_session_name

logger = logging.getLogger(__name__)

_SECURE = {"http": False, "ws": False, "https": True, "wss": True}


class Address(NamedTuple):
    """The parts of a decoder's base URL, and the access to it. `path` does not end in a slash."""

    secure: bool
    host: str
    authority: str
    path: str
    access: Access = NO_ACCESS

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request."""
        return self.access.headers

    @property
    def tls(self) -> ssl.SSLContext | None:
        """The TLS context, where the URL uses TLS. Raises SettingsError as `Access` does."""
        return self.access.tls_context() if self.secure else None

    @property
    def base(self) -> str:
        """The base URL as a person would write it."""
        return f"{'https' if self.secure else 'http'}://{self.authority}{self.path}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine, which is reached without a proxy."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def proxy(self) -> str | None:
        """The environment's proxy for this address, without credentials; None where there is none.

        A WebSocket without TLS takes the one of https before that of http (websockets' choice):
        where the two differ, both are named.
        """
        if self.is_loopback or urllib.request.proxy_bypass(self.host):
            return None
        named = urllib.request.getproxies()
        kinds = ("https", "socks") if self.secure else ("http", "socks", "https")
        found = [
            named[kind].rpartition("@")[2].rpartition("://")[2] for kind in kinds if kind in named
        ]
        return " or ".join(dict.fromkeys(found)) or None

    def sessions_url(self) -> str:
        """The URL of the list of sessions (GET)."""
        return f"{self.base}/v1/sessions"

    def session_url(self, session: str) -> str:
        """The URL of one session (GET, DELETE). Raises SettingsError for an invalid name."""
        return f"{self.sessions_url()}/{_checked(session)}"

    def publish_url(self) -> str:
        """The URL at which an encoder publishes (WebSocket)."""
        return f"{'wss' if self.secure else 'ws'}://{self.authority}{self.path}/v1/publish"

    def subscribe_url(self, session: str, from_id: int) -> str:
        """The URL of the samples of a session from `from_id` on, inclusive (WebSocket).

        Raises SettingsError where the name is not valid.
        """
        scheme = "wss" if self.secure else "ws"
        path = f"{self.path}/v1/sessions/{_checked(session)}/subscribe"
        return f"{scheme}://{self.authority}{path}?from={from_id}"


def _checked(session: str) -> str:
    """A valid session name, which needs no quoting in a path."""
    try:
        return check_session_name(session)
    except ProtocolError as error:
        raise SettingsError(error.problem, error.remedy) from None


def _is_plain(authority: str, path: str) -> bool:
    """Whether a request line can carry them; a host name is encoded for that."""
    text = authority + path
    return text.isprintable() and " " not in text and path.isascii()


def as_address(decoder: str | Address) -> Address:
    """The address, or that of a base URL. Raises SettingsError."""
    return parse_address(decoder) if isinstance(decoder, str) else decoder


def parse_address(url: str, access: Access = NO_ACCESS) -> Address:
    """The address of a base URL (http, https, ws or wss). Raises SettingsError."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port  # reading the port is what checks it
        (host or "").encode("idna")  # as the resolver does
    except ValueError as error:
        raise SettingsError(f"{url!r} is no URL ({error})", "write http://HOST:PORT") from None
    if parts.scheme not in _SECURE or not host or not _is_plain(parts.netloc, parts.path):
        raise SettingsError(f"{url!r} is no URL of a decoder", "write http://HOST:PORT")
    if parts.query or parts.fragment or parts.username:
        raise SettingsError(
            f"{url!r} says more than where the decoder is", "write http://HOST:PORT[/PATH]"
        )
    address = Address(_SECURE[parts.scheme], host, parts.netloc, parts.path.rstrip("/"), access)
    if access.token is not None and not (address.secure or address.is_loopback):
        logger.warning("the token goes to %s unencrypted: write https:// if it can", host)
    return address

"""Where a decoder is: one base URL, and the addresses of its API below it."""

import ipaddress
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from narrowcast_shared.errors import SettingsError

_SECURE = {"http": False, "ws": False, "https": True, "wss": True}


class Address(NamedTuple):
    """A decoder's base URL, taken apart. `path` has no slash at its end."""

    secure: bool
    host: str
    authority: str
    path: str

    @property
    def base(self) -> str:
        """The base URL as a person would write it."""
        return f"{'https' if self.secure else 'http'}://{self.authority}{self.path}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine, which no proxy leads to."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def sessions_url(self) -> str:
        """Where the sessions are listed (GET)."""
        return f"{self.base}/v1/sessions"

    def publish_url(self) -> str:
        """Where an encoder publishes (WebSocket)."""
        return f"{'wss' if self.secure else 'ws'}://{self.authority}{self.path}/v1/publish"

    def subscribe_url(self, session: str, from_id: int) -> str:
        """Where the samples of a session come from `from_id` on, itself included (WebSocket)."""
        scheme = "wss" if self.secure else "ws"
        name = quote(session, safe="")
        path = f"{self.path}/v1/sessions/{name}/subscribe"
        return f"{scheme}://{self.authority}{path}?from={from_id}"


def parse_address(url: str) -> Address:
    """The address of a base URL (http, https, ws or wss). Raises SettingsError."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port  # reading the port is what checks it
    except ValueError as error:
        raise SettingsError(f"{url!r} is no URL ({error})", "write http://HOST:PORT") from None
    if parts.scheme not in _SECURE or not host:
        raise SettingsError(f"{url!r} is no URL of a decoder", "write http://HOST:PORT")
    if parts.query or parts.fragment or parts.username:
        raise SettingsError(
            f"{url!r} says more than where the decoder is", "write http://HOST:PORT[/PATH]"
        )
    return Address(_SECURE[parts.scheme], host, parts.netloc, parts.path.rstrip("/"))

"""Where the bus is: the address given with --bus, and how it is shown to people."""

from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from valkey.asyncio.connection import parse_url

from narrowcast_shared.errors import SettingsError, pointing_to
from narrowcast_shared.see import See

EXAMPLE = "--bus redis://HOST:6379/0 names one"

_TLS_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_KNOWN_OPTIONS = (*_TLS_OPTIONS, "db")
_SCHEMES = ("redis", "rediss", "valkey", "valkeys", "unix")


class BusAddress(NamedTuple):
    """One database of a server. `connection` may hold a password: only `shown` is for people."""

    shown: str
    database: int
    connection: dict[str, Any]
    """What the client library's connection is made with."""


@pointing_to(See.BUS)
def parse_bus(url: str) -> BusAddress:
    """The address in a URL such as redis://user:password@host:6379/0; rediss is TLS.

    Raises SettingsError, which says nothing of what may be a password.
    """
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        port = parts.port
    except ValueError:
        raise SettingsError("the address of the bus is no URL", EXAMPLE) from None
    if parts.scheme not in _SCHEMES:
        raise SettingsError(
            f"the address of the bus begins with none of {', '.join(_SCHEMES)}", EXAMPLE
        )
    for option in options:
        if option not in _KNOWN_OPTIONS:
            raise SettingsError(
                f"the address of the bus has an unknown option {option!r}",
                f"it may have {', '.join(_KNOWN_OPTIONS)}",
            )
    if parts.scheme != "unix" and not parts.hostname:
        raise SettingsError("the address of the bus names no host", EXAMPLE)
    database = _database(parts.path, options, is_socket=parts.scheme == "unix")
    connection: dict[str, Any] = dict(parse_url(url)) | {"db": database}
    where = parts.path if parts.scheme == "unix" else f"{parts.hostname}:{port or 6379}/{database}"
    return BusAddress(f"{parts.scheme}://{where}", database, connection)


def _database(path: str, options: dict[str, str], *, is_socket: bool) -> int:
    told = options.get("db") or ("" if is_socket else path.strip("/"))
    if told and not told.isdecimal():
        raise SettingsError(f"the address of the bus names no database: {told!r}", EXAMPLE)
    return int(told or 0)

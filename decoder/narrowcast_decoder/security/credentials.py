"""The secret that a request brings. Pure. It is read from headers alone: URLs end in logs."""

from collections.abc import Iterable

from narrowcast_decoder.security.refusals import SCHEME, TOKEN_SUBPROTOCOL

Headers = Iterable[tuple[bytes, bytes]]


def values(headers: Headers, name: bytes) -> list[str]:
    """All values of a header; ASGI's names are in lower case."""
    return [value.decode("latin-1") for found, value in headers if found == name]


def value(headers: Headers, name: bytes) -> str | None:
    """A header's value; None where there is none, or where two contradict each other."""
    found = set(values(headers, name))
    return found.pop() if len(found) == 1 else None


def secret(headers: Headers, subprotocols: Iterable[str]) -> str | None:
    """What `Authorization: Bearer` brings, else the subprotocol that carries a token.

    A browser cannot set headers of a WebSocket, but subprotocols.
    """
    headers = list(headers)
    if authorization := value(headers, b"authorization"):
        scheme, _, rest = authorization.partition(" ")
        return rest.strip() if scheme.lower() == SCHEME.lower() else None
    for name in subprotocols:
        if name.startswith(TOKEN_SUBPROTOCOL):
            return name.removeprefix(TOKEN_SUBPROTOCOL)
    return None

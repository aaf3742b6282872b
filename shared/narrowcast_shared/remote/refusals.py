"""Failures of requests and connections as LinkErrors; some may pass and are retried.

LinkError
|-- UnreachableError     no answer, or not now
`-- NoSuchSessionError   the decoder does not know the session, or not yet
"""

import json
import socket
import ssl

from websockets.exceptions import (
    ConnectionClosed,
    InvalidMessage,
    InvalidProxy,
    InvalidStatus,
    InvalidUpgrade,
    ProxyError,
)

from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.errors import LinkError
from narrowcast_shared.remote.address import Address
from narrowcast_shared.see import See

_ABNORMAL_CLOSURE = 1006  # what RFC 6455 calls an end without a close frame

_PASSING_CODES = {
    _ABNORMAL_CLOSURE,
    1011,  # an internal error, also a keepalive that timed out
    CloseCode.GOING_AWAY,
    CloseCode.RESTARTING,
    CloseCode.TRY_LATER,
    CloseCode.TOO_SLOW,
}
_PASSING_STATUSES = {429, 500, 502, 503, 504}
_FORBIDDEN_STATUSES = {401, 403}
_EXPLAINED_STATUSES = {400, 409, 413, 421, 422}
_UNAUTHORIZED = 401
_UPGRADE_REQUIRED = 426
_OF_PROXIES = {407, 502, 503, 504}
_GIVE_TOKEN = "name a token's file with --token-file, or set NARROWCAST_TOKEN"  # noqa: S105


class UnreachableError(LinkError):
    """The decoder does not answer, or not now; the call may be retried."""


class NoSuchSessionError(LinkError):
    """The decoder answers, and does not know a session of that name."""


def of_close(closed: ConnectionClosed, address: Address, session: str) -> LinkError:
    """The error for a close code other than 1000."""
    code = closed.rcvd.code if closed.rcvd else _ABNORMAL_CLOSURE
    reason = closed.rcvd.reason if closed.rcvd else ""
    if code == CloseCode.UNKNOWN_SESSION:
        return NoSuchSessionError(
            f"the decoder at {address.base} knows no session {session!r}",
            f"{address.sessions_url()} lists those it knows",
        )
    closed_with = f"{code} {reason}".strip()
    if code in _PASSING_CODES:
        return UnreachableError(
            f"the decoder at {address.base} closed the connection ({closed_with})"
        )
    return LinkError(f"the decoder at {address.base} refused the subscription ({closed_with})")


def of_handshake(error: Exception, address: Address) -> LinkError:
    """The error for a failed opening handshake."""
    if isinstance(error, ProxyError | InvalidProxy | ImportError):  # also one for SOCKS is missing
        return _through_proxy(str(error), address)
    if isinstance(error, InvalidUpgrade):
        return _upgrade_lost("it agreed to a WebSocket, and that did not arrive", address)
    if isinstance(error, InvalidStatus):
        return of_answer(error.response.status_code, bytes(error.response.body or b""), address)
    if isinstance(error, InvalidMessage) and isinstance(error.__cause__, EOFError | OSError):
        return _dropped(address)
    return not_a_decoder(address)


def of_answer(status: int, body: bytes, address: Address) -> LinkError:
    """The error for an unexpected answer, with the decoder's own explanation if it gives one.

    body: a problem document (RFC 9457) where it is one.
    """
    try:
        problem = json.loads(body)
        detail, remedy = str(problem["detail"]), str(problem.get("remedy", ""))
        kind = str(problem["type"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return of_status(status, address)
    if status == _UPGRADE_REQUIRED:
        return _upgrade_lost(f"it says: {status} {detail}", address)
    if kind.endswith(":unknown-session"):
        return NoSuchSessionError(detail, "`narrowcast sessions` lists those there are")
    if status in _FORBIDDEN_STATUSES:
        remedy = _GIVE_TOKEN if status == _UNAUTHORIZED else remedy
        return LinkError(f"{address.base} does not let us in: {detail}", remedy, see=See.ACCESS)
    if status in _PASSING_STATUSES:
        return UnreachableError(detail, remedy)
    if status in _EXPLAINED_STATUSES:
        return LinkError(detail, remedy)
    return of_status(status, address)


def of_status(status: int, address: Address) -> LinkError:
    """The error for an unexpected HTTP status."""
    if status == _UPGRADE_REQUIRED:
        return _upgrade_lost(f"it says: {status} Upgrade Required", address)
    if address.proxy is not None and status in _OF_PROXIES:
        return _through_proxy(f"HTTP {status}", address)
    if status in _PASSING_STATUSES:
        return UnreachableError(f"{address.base} cannot answer now (HTTP {status})")
    if status in _FORBIDDEN_STATUSES:
        remedy = _GIVE_TOKEN if status == _UNAUTHORIZED else "check the URL and the token"
        return LinkError(
            f"{address.base} does not let us in (HTTP {status})", remedy, see=See.ACCESS
        )
    return not_a_decoder(address)


def of_network(error: OSError, address: Address) -> LinkError:
    """The error for a connection that could not be made."""
    if isinstance(error, ssl.SSLError):
        return LinkError(
            f"no TLS connection to {address.base} ({error.reason or error})",
            "check the certificate, name who signed it with --ca, or write http:// where there is "
            "no TLS",
            see=See.TLS,
        )
    if address.proxy is not None:
        return _through_proxy(error.strerror or str(error) or "no answer", address)
    match error:
        case TimeoutError():
            return UnreachableError(f"{address.base} does not answer", "check the URL")
        case socket.gaierror():
            return UnreachableError(f"there is no host {address.host!r}", "check the URL")
        case ConnectionResetError() | ConnectionAbortedError():
            return _dropped(address)
    return UnreachableError(
        f"nothing listens at {address.base}", "check the URL, or start one with `narrowcast serve`"
    )


def _upgrade_lost(what: str, address: Address) -> LinkError:
    """The decoder answers, and something between does not pass WebSockets on."""
    return LinkError(
        f"{address.base} cannot be asked for a WebSocket ({what})",
        "have the proxy before it pass on the headers Upgrade and Connection",
    )


def _through_proxy(why: str, address: Address) -> UnreachableError:
    return UnreachableError(
        f"{address.base} is not reached through the proxy {address.proxy} ({why})",
        f"check HTTP_PROXY and HTTPS_PROXY, or set NO_PROXY={address.host}",
    )


def _dropped(address: Address) -> LinkError:
    scheme, has = ("http", "no TLS") if address.secure else ("https", "TLS")
    remedy = f"write {scheme}:// where the decoder has {has}"
    return UnreachableError(f"{address.base} took the connection and dropped it", remedy)


def not_a_decoder(address: Address) -> LinkError:
    """What answers there is not a narrowcast decoder."""
    return LinkError(f"{address.base} answers, but is no narrowcast decoder", "check the URL")

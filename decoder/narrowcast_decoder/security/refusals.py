"""What is said to those who are not let in: problem documents (RFC 9457), by HTTP and WebSocket."""

from enum import StrEnum
from http import HTTPStatus
from typing import NamedTuple

from starlette.types import Send

from narrowcast_decoder.api import problems

SCHEME = "Bearer"
TOKEN_SUBPROTOCOL = "narrowcast.token."  # noqa: S105 - what stands before one
"""Of the WebSocket subprotocol that carries a browser's token."""


class Kind(StrEnum):
    """Why somebody was not let in; also the end of the problem's type."""

    NO_TOKEN = "no-token"  # noqa: S105
    WRONG_TOKEN = "wrong-token"  # noqa: S105
    NOT_ALLOWED = "not-allowed"
    WRONG_ORIGIN = "wrong-origin"
    WRONG_HOST = "wrong-host"
    TOO_LARGE = "too-large"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    TOO_MANY_REQUESTS = "too-many-requests"
    TOO_MANY_SUBSCRIBERS = "too-many-subscribers"
    TOO_MANY_SESSIONS = "too-many-sessions"


_STATUSES = {
    Kind.NO_TOKEN: HTTPStatus.UNAUTHORIZED,
    Kind.WRONG_TOKEN: HTTPStatus.UNAUTHORIZED,
    Kind.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Kind.WRONG_ORIGIN: HTTPStatus.FORBIDDEN,
    Kind.WRONG_HOST: HTTPStatus.MISDIRECTED_REQUEST,
    Kind.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Kind.TOO_MANY_CONNECTIONS: HTTPStatus.SERVICE_UNAVAILABLE,
    Kind.TOO_MANY_REQUESTS: HTTPStatus.TOO_MANY_REQUESTS,
    Kind.TOO_MANY_SUBSCRIBERS: HTTPStatus.SERVICE_UNAVAILABLE,
    Kind.TOO_MANY_SESSIONS: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Refusal(NamedTuple):
    """Why, in words, what to do, and after how many s it may be otherwise."""

    kind: Kind
    detail: str
    remedy: str = ""
    retry_after_s: float | None = None

    @property
    def status(self) -> HTTPStatus:
        return _STATUSES[self.kind]


def document(refusal: Refusal, path: str) -> bytes:
    """The problem document."""
    problem = problems.Problem(
        type=f"urn:narrowcast:problem:{refusal.kind}",
        title=refusal.kind.replace("-", " ").capitalize(),
        status=refusal.status,
        detail=refusal.detail,
        instance=path,
        remedy=refusal.remedy or None,
    )
    return problem.model_dump_json(exclude_none=True).encode()


def headers(refusal: Refusal, body: bytes) -> list[tuple[bytes, bytes]]:
    """Those of the answer. The connection is closed: what follows on it would be refused too."""
    told = [
        (b"content-type", problems.MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if refusal.status is HTTPStatus.UNAUTHORIZED:
        error = ', error="invalid_token"' if refusal.kind is Kind.WRONG_TOKEN else ""
        told.append((b"www-authenticate", f'{SCHEME} realm="narrowcast"{error}'.encode()))
    if refusal.retry_after_s is not None:
        told.append((b"retry-after", str(max(1, round(refusal.retry_after_s))).encode()))
    return told


async def send(refusal: Refusal, path: str, send_message: Send, *, websocket: bool) -> None:
    """Answer an HTTP request, or a WebSocket's handshake, with it."""
    body = document(refusal, path)
    prefix = "websocket.http" if websocket else "http"
    head = {"status": int(refusal.status), "headers": headers(refusal, body)}
    await send_message({"type": f"{prefix}.response.start", **head})
    await send_message({"type": f"{prefix}.response.body", "body": body})


def raw(refusal: Refusal) -> bytes:
    """The answer as bytes, for who is turned away before anything is made for the connection."""
    body = document(refusal, "/")
    lines = [f"HTTP/1.1 {refusal.status.value} {refusal.status.phrase}".encode()]
    lines += [name + b": " + value for name, value in headers(refusal, body)]
    return b"\r\n".join([*lines, b"", body])

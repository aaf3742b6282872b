"""The gate as an ASGI application."""

import asyncio
import logging
from typing import Any

import pytest
from starlette.types import Message, Receive, Send
from starlette.types import Scope as ASGIScope

from narrowcast_decoder.security import leases
from narrowcast_decoder.security.admission import Admission, Surroundings
from narrowcast_decoder.security.gate import LOG_LINES, MAX_PATH_CHARS, Gate
from narrowcast_decoder.security.keyring import Keyring
from narrowcast_decoder.security.limits import Limits
from narrowcast_decoder.security.scopes import Scope
from narrowcast_decoder.security.tokens import Token, digest_of
from narrowcast_shared.clock import SystemClock

SECRET = "a-secret-of-24-characters"
TOKEN = Token("reader", digest_of(SECRET), frozenset({Scope.SUBSCRIBE}))


class Application:
    """Remembers who came, and fails where it is told to."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.came: list[dict[str, Any]] = []
        self._fault = fault

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        self.came.append(dict(scope))
        if self._fault is not None:
            raise self._fault


def gate(application: Application, limits: Limits | None = None) -> Gate:
    clock = SystemClock()
    around = Surroundings(loopback=False, by_address=False)
    keyring = Keyring([TOKEN], None, clock)
    return Gate(application, Admission(keyring, limits or Limits(), around), clock)


def scope(kind: str, path: str, secret: str | None = None) -> dict[str, Any]:
    headers = [] if secret is None else [(b"authorization", f"Bearer {secret}".encode())]
    return {
        "type": kind,
        "path": path,
        "headers": headers,
        "client": ("203.0.113.5", 1),
        **({"method": "GET"} if kind == "http" else {"subprotocols": []}),
    }


def call(entrance: Gate, asked: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": f"{asked['type']}.connect"}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    asyncio.run(entrance(asked, receive, send))
    return sent


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_who_is_refused_reaches_nothing_behind_it(kind: str) -> None:
    application = Application()
    head, body = call(gate(application), scope(kind, "/v1/sessions/a"))
    prefix = "http" if kind == "http" else "websocket.http"
    assert (head["type"], head["status"]) == (f"{prefix}.response.start", 401)
    assert b"no-token" in body["body"]
    assert application.came == []


def test_who_is_let_in_has_a_lease() -> None:
    application = Application()
    assert call(gate(application), scope("http", "/v1/sessions/a", SECRET)) == []
    assert leases.lease_of(application.came[0]).token == TOKEN


def test_a_place_is_left_also_where_the_service_fails() -> None:
    entrance = gate(Application(ValueError("a fault")), Limits(subscribers=1))
    for _ in range(3):
        with pytest.raises(ValueError, match="a fault"):
            call(entrance, scope("websocket", "/v1/sessions/a/subscribe", SECRET))


def test_other_things_than_connections_pass() -> None:
    application = Application()
    call(gate(application), {"type": "lifespan"})
    assert len(application.came) == 1


def test_the_log_is_told_of_few_and_of_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    entrance = gate(Application())
    with caplog.at_level(logging.WARNING):
        for _ in range(500):
            call(entrance, scope("http", "/" + "x" * 5000, "y" * 30))
    records = [r for r in caplog.records if "refused" in r.getMessage()]
    assert LOG_LINES.burst <= len(records) <= LOG_LINES.burst + 5 * LOG_LINES.per_s
    message = records[0].getMessage()
    assert "refused (wrong-token): 203.0.113.5" in message
    assert len(message) < MAX_PATH_CHARS + 100
    assert "y" * 30 not in caplog.text

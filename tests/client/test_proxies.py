"""What is said of a proxy in between: that is dead, refuses, or lets no WebSocket through."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from narrowcast_client import subscribe
from narrowcast_client.api import list_sessions
from narrowcast_encoder.live.opening import Wanted, opening
from narrowcast_encoder.session.settings import StreamSettings
from narrowcast_lab.free_port import free_port
from narrowcast_shared.errors import LinkError
from narrowcast_shared.remote.address import parse_address

Ask = Callable[[str], None]

PROBLEM = {
    "type": "about:blank", "status": 426, "detail": "this path speaks WebSocket",
    "remedy": "connect with ws:// or wss://",
}  # fmt: skip
FAR = "http://decoder.example"
"""Is asked of the proxy alone: nobody looks it up here."""


def listed(url: str) -> None:
    asyncio.run(list_sessions(parse_address(url)))


def followed(url: str) -> None:
    async def run() -> None:
        async for _ in subscribe(url, "anna", patience_s=0.2):
            pass

    asyncio.run(run())


def published(url: str) -> None:
    async def run() -> None:
        wanted = Wanted(parse_address(url), "anna", StreamSettings(), 0.2)
        await opening(wanted).publisher.run()

    asyncio.run(run())


over_http = pytest.mark.parametrize("ask", [listed, followed, published])
over_web_socket = pytest.mark.parametrize("ask", [followed, published])


@contextmanager
def answering(status: int, body: bytes) -> Iterator[int]:
    """A server that answers to all alike; its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_CONNECT = do_GET  # noqa: N815 - http.server has it so

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@over_web_socket
@pytest.mark.parametrize("body", [json.dumps(PROBLEM).encode(), b"Upgrade Required"])
def test_what_takes_the_upgrade_away_is_told(ask: Ask, body: bytes) -> None:
    with answering(426, body) as port, pytest.raises(LinkError) as raised:
        ask(f"http://127.0.0.1:{port}")
    assert "cannot be asked for a WebSocket (it says: 426" in raised.value.problem
    assert "Upgrade and Connection" in raised.value.remedy


@over_http
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_dead_proxy_is_named_without_its_password(
    ask: Ask, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://me:secret@127.0.0.1:{port}")
    with pytest.raises(LinkError) as raised:
        ask(FAR.replace("http", scheme))
    told = str(raised.value)
    assert f"is not reached through the proxy 127.0.0.1:{port}" in told
    assert "NO_PROXY=decoder.example" in told
    assert "secret" not in told


@over_http
def test_a_proxy_that_fails_is_named(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(502, b"Bad Gateway") as port:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        with pytest.raises(LinkError) as raised:
            ask(FAR)
    assert f"through the proxy 127.0.0.1:{port}" in str(raised.value)


def test_this_machine_is_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(LinkError, match="nothing listens at"):
        listed(f"http://127.0.0.1:{free_port()}")

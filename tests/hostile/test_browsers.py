"""Pages of other origins, which a browser lets knock anywhere, and names that lead here."""

import asyncio
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from narrowcast_shared.wire import SUBPROTOCOL

from ..faults.beside import going_on  # noqa: TID252 - the one there is
from ..faults.service import Service, service  # noqa: TID252
from .guarded import UPGRADE, Guarded, ask, good_session, knock, source

ORIGINS = [
    "http://evil.example",
    "null",
    "",
    "http://127.0.0.1.evil.example",
    "http://127.0.0.1:1",
    "http://user@127.0.0.1",
    "file://",
    "https://localhost",
    "http://[::1]",
    "http://127.0.0.1\t",
    "http://\xe9vil.example",
]


def test_pages_of_other_origins_open_no_web_socket(decoder: Guarded, tried: list[str]) -> None:
    """Also with the right token: who was talked into it should not be used."""

    async def scenario() -> None:
        async with going_on(decoder.at(decoder.good), good_session()):
            await asyncio.to_thread(knock_from_all)

    def knock_from_all() -> None:
        for origin in ORIGINS:
            address = source()
            for path in ("/v1/publish", "/v1/sessions/good-x/subscribe"):
                headers = [*UPGRADE, f"Origin: {origin}", f"Sec-WebSocket-Protocol: {SUBPROTOCOL}"]
                answer = ask(decoder, path, address, decoder.good, "GET", headers)
                assert answer[:2] == (403, "wrong-origin"), origin
                tried.append(f"{path} {origin}")
            answer = ask(
                decoder, "/v1/sessions/x", address, decoder.good, "DELETE", [f"Origin: {origin}"]
            )
            assert answer[:2] == (403, "wrong-origin"), origin
            tried.append(f"DELETE {origin}")

    asyncio.run(scenario())


def test_the_own_page_is_let_in_by_its_subprotocol_and_hears_no_token(decoder: Guarded) -> None:
    headers = [
        *UPGRADE,
        f"Origin: http://{decoder.authority}",
        f"Sec-WebSocket-Protocol: narrowcast.subscribe.v1, narrowcast.token.{decoder.good}",
    ]
    answer = ask(decoder, "/v1/sessions/good-x/subscribe", source(), None, "GET", headers)
    assert answer.status == 101
    assert decoder.good not in answer.text


def test_no_page_of_another_origin_reads_an_answer(decoder: Guarded, tried: list[str]) -> None:
    """No header allows it, so the browser keeps the answer to itself."""
    address = source()
    for method, path in (("GET", "/healthz"), ("GET", "/v1/sessions"), ("OPTIONS", "/v1/sessions")):
        request = (
            f"{method} {path} HTTP/1.1\r\nHost: {decoder.authority}\r\nOrigin: http://evil.example"
            "\r\nAccess-Control-Request-Method: GET"
            f"\r\nAuthorization: Bearer {decoder.good}\r\n\r\n"
        )
        assert b"access-control-allow" not in raw_answer(decoder, request, address).lower()
        tried.append(f"{method} {path}")


def raw_answer(decoder: Guarded, request: str, address: str) -> bytes:
    with knock(decoder, request.encode(), address) as peer:
        return peer.recv(65536)


@pytest.fixture(scope="module")
def at_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A decoder on loopback, without tokens, that one other page may use, by one other name."""
    arguments = ["--allow-origin", "https://dash.example", "--allow-host", "decoder.example"]
    with service(tmp_path_factory.mktemp("home"), arguments=arguments) as running:
        yield running
        running.is_well()


def head_of(decoder: Service, method: str, path: str, *headers: str) -> tuple[int, str]:
    """Status and head of an answer, in lower case."""
    port = urlsplit(decoder.url).port or 0
    with socket.create_connection(("127.0.0.1", port), timeout=90) as peer:
        peer.sendall("\r\n".join([f"{method} {path} HTTP/1.1", *headers, "", ""]).encode())
        data = peer.recv(65536)
    return int(data[9:12]), data.partition(b"\r\n\r\n")[0].decode().lower()


def test_on_loopback_a_name_that_leads_here_is_refused(at_home: Service, tried: list[str]) -> None:
    """DNS rebinding: a page of evil.example has that name lead to 127.0.0.1."""
    port = urlsplit(at_home.url).port
    names = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "a b"]
    for name in names:
        for path in ("/v1/sessions", "/healthz", "/metrics"):
            status, _ = head_of(at_home, "GET", path, f"Host: {name}:{port}")
            assert status in {400, 421}, name
            tried.append(f"{name} {path}")
    for name in ("localhost", "127.0.0.1", "[::1]", "decoder.example"):
        assert head_of(at_home, "GET", "/v1/sessions", f"Host: {name}:{port}")[0] == 200


def test_the_page_that_is_allowed_may_read_and_delete(at_home: Service) -> None:
    host = f"Host: {urlsplit(at_home.url).netloc}"
    allowed, evil = "Origin: https://dash.example", "Origin: http://evil.example"
    status, head = head_of(at_home, "GET", "/v1/sessions", host, allowed)
    assert status == 200
    assert "access-control-allow-origin: https://dash.example" in head
    asks = "Access-Control-Request-Method: DELETE"
    status, head = head_of(at_home, "OPTIONS", "/v1/sessions/a", host, allowed, asks)
    assert status == 200
    assert "delete" in head
    assert head_of(at_home, "DELETE", "/v1/sessions/a", host, allowed)[0] == 404
    status, head = head_of(at_home, "GET", "/v1/sessions", host, evil)
    assert "access-control-allow-origin" not in head
    assert head_of(at_home, "DELETE", "/v1/sessions/a", host, evil)[0] == 403
    assert head_of(at_home, "GET", "/v1/publish", host, evil, *UPGRADE)[0] == 403

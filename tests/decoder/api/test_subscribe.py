"""The subscription WebSocket: what it sends, and how it ends."""

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Protocol

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from narrowcast_decoder.api.subscribe import SUBPROTOCOL
from narrowcast_decoder.service import Service
from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]
Serve = Callable[[Callable[[Any], Awaitable[None]]], None]


class Running(Protocol):
    """As conftest.py has it."""

    service: Service
    authority: str

    async def publish(self, samples: list[Sample]) -> None: ...
    async def end(self, session: str) -> None: ...
    async def has_subscribers(self, count: int) -> None: ...

    def ws(self, path: str) -> str: ...


def subscribe(
    running: Running,
    query: str = "",
    session: str = "a",
    subprotocols: Sequence[Subprotocol] | None = None,
) -> connect:
    url = running.ws(f"/v1/sessions/{session}/subscribe{query}")
    return connect(url, subprotocols=subprotocols, compression=None, proxy=None)


async def until_closed(connection: ClientConnection) -> tuple[list[Sample], int, str]:
    """Every sample that comes, and the close code and reason."""
    samples = [Sample.model_validate_json(message) async for message in tolerant(connection)]
    return samples, connection.close_code or 0, connection.close_reason or ""


async def tolerant(connection: ClientConnection) -> AsyncIterator[str | bytes]:
    """The messages until the connection is closed, with whatever code."""
    with suppress(ConnectionClosed):
        while True:
            yield await connection.recv()


def test_stored_then_live_then_the_end(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 600))
        async with subscribe(running) as connection:
            received = [await connection.recv(decode=True) for _ in range(600)]
            await running.publish(series("a", 3, first_id=601))
            await running.end("a")
            live, code, _ = await until_closed(connection)

        assert [Sample.model_validate_json(each) for each in received] == series("a", 600)
        assert live == series("a", 3, first_id=601)
        assert code == CloseCode.SESSION_ENDED

    serve(scenario)


@pytest.mark.parametrize(("query", "first"), [("", 1), ("?from=0", 1), ("?from=7", 7)])
def test_it_starts_where_it_is_asked_to(
    serve: Serve, series: Series, query: str, first: int
) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 10))
        await running.end("a")
        async with subscribe(running, query) as connection:
            samples, code, _ = await until_closed(connection)
        assert samples == series("a", 11 - first, first_id=first)
        assert code == CloseCode.SESSION_ENDED

    serve(scenario)


def test_a_hundred_subscribers_get_all_of_it(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 5))

        async def one() -> list[Sample]:
            async with subscribe(running) as connection:
                return (await until_closed(connection))[0]

        subscribers = [asyncio.create_task(one()) for _ in range(100)]
        for first in range(6, 56, 5):
            await running.publish(series("a", 5, first_id=first))
            await asyncio.sleep(0.01)
        await running.end("a")
        for samples in await asyncio.gather(*subscribers):
            assert samples == series("a", 55)

    serve(scenario)


def test_an_unknown_session_is_4404_or_waited_for(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        async with subscribe(running) as connection:
            assert await until_closed(connection) == (
                [],
                CloseCode.UNKNOWN_SESSION,
                "there is no session 'a'",
            )
        async with subscribe(running, "?wait=true") as connection:
            await running.publish(series("a", 2))
            await running.end("a")
            samples, code, _ = await until_closed(connection)
        assert (samples, code) == (series("a", 2), CloseCode.SESSION_ENDED)

    serve(scenario)


@pytest.mark.parametrize(
    ("query", "session", "reason"),
    [
        ("?from=x", "a", "query.from: "),
        ("?from=-1", "a", "query.from: "),
        ("?wait=perhaps", "a", "query.wait: "),
        ("", "-a", "path.session: "),
        ("?wait=true", "-a", "path.session: "),
    ],
)
def test_a_request_that_cannot_be_used_is_1008(
    serve: Serve, query: str, session: str, reason: str
) -> None:
    async def scenario(running: Running) -> None:
        async with subscribe(running, query, session) as connection:
            samples, code, said = await until_closed(connection)
        assert (samples, code) == ([], CloseCode.BAD_REQUEST)
        assert said.startswith(reason)

    serve(scenario)


def test_a_subscriber_that_talks_is_1008(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 1))
        async with subscribe(running) as connection:
            await connection.send("hello")
            _, code, reason = await until_closed(connection)
        assert (code, reason) == (CloseCode.BAD_REQUEST, "a subscriber sends nothing")

    serve(scenario)


def test_the_subprotocol_is_agreed_where_it_is_offered(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 1))
        async with subscribe(
            running, subprotocols=[Subprotocol("other"), Subprotocol(SUBPROTOCOL)]
        ) as connection:
            assert connection.subprotocol == SUBPROTOCOL
        async with subscribe(running) as connection:
            assert connection.subprotocol is None

    serve(scenario)


def test_a_drain_is_1001_after_what_was_published(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 3))
        async with subscribe(running) as connection:
            for _ in range(3):
                await connection.recv()
            await running.publish(series("a", 2, first_id=4))
            running.service.hub.close()
            samples, code, _ = await until_closed(connection)
        assert (samples, code) == (series("a", 2, first_id=4), CloseCode.GOING_AWAY)

    serve(scenario)


def test_a_store_that_fails_is_1013(serve: Serve, series: Series, tmp_path: Path) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 1))
        with closing(sqlite3.connect(tmp_path / "series.sqlite", isolation_level=None)) as other:
            other.execute("ALTER TABLE samples RENAME TO hidden")
            async with subscribe(running) as connection:
                samples, code, _ = await until_closed(connection)
        assert (samples, code) == ([], CloseCode.TRY_LATER)

    serve(scenario)


def test_who_leaves_is_forgotten_at_once(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 1))
        async with subscribe(running) as connection:
            await connection.recv()
            assert len(running.service.hub) == 1
        await running.has_subscribers(0)

    serve(scenario)


def test_one_stalled_subscriber_is_let_go_and_the_others_see_nothing_of_it(
    serve: Serve, series: Series
) -> None:
    """1. One asks and never reads, another reads. 2. Much is published. 3. One is let go."""

    async def scenario(running: Running) -> None:
        await running.publish(series("a", 1))
        stalled = await stalled_subscriber(running.authority)
        async with subscribe(running) as connection:
            await connection.recv()
            await running.has_subscribers(2)
            reading = asyncio.create_task(until_closed(connection))
            for first in range(2, 40_002, 400):
                await running.publish(series("a", 400, first_id=first))
            await running.has_subscribers(1)
            assert not reading.done()
            await running.end("a")
            samples, code, _ = await reading
        stalled.close()
        assert (samples, code) == (series("a", 40_000, first_id=2), CloseCode.SESSION_ENDED)

    serve(scenario)


def test_a_stalled_subscriber_that_reads_again_hears_why_it_ended(
    serve: Serve, series: Series
) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 60_000))
        stalled = await stalled_subscriber(running.authority)
        await running.has_subscribers(1)
        await running.has_subscribers(0)
        received = await asyncio.to_thread(read_all, stalled)
        frame = received[received.rindex(b"\x88") :]  # the close frame (RFC 6455, section 5.5.1)
        assert int.from_bytes(frame[2:4], "big") == CloseCode.TOO_SLOW

    serve(scenario)


async def stalled_subscriber(authority: str) -> socket.socket:
    """A subscriber that has asked, and reads nothing."""
    host, port = authority.split(":")
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.setblocking(False)
    await asyncio.get_running_loop().sock_connect(peer, (host, int(port)))
    request = (
        f"GET /v1/sessions/a/subscribe HTTP/1.1\r\nHost: {authority}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    await asyncio.get_running_loop().sock_sendall(peer, request.encode())
    return peer


def read_all(peer: socket.socket) -> bytes:
    """What the peer has to say until it is silent for a second or closes."""
    peer.settimeout(1)
    received = bytearray()
    with peer:
        try:
            while chunk := peer.recv(65536):
                received += chunk
        except TimeoutError:
            pass
    return bytes(received)

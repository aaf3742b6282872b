"""The WebSocket of the service: read no further than the application takes it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from narrowcast_decoder.web_socket import MAX_FRAGMENTS, BoundedWebSocket
from narrowcast_shared.close_codes import CloseCode

MESSAGE = bytes(60_000)


Scenario = Callable[[ClientConnection], Awaitable[None]]
Endpoint = Callable[[WebSocket], Awaitable[None]]


@asynccontextmanager
async def serving(endpoint: Endpoint) -> AsyncIterator[tuple[uvicorn.Server, str]]:
    """The server, and the URL of its one WebSocket. It is stopped in the end."""
    app = Starlette(routes=[WebSocketRoute("/publish", endpoint)])
    config = uvicorn.Config(
        app, ws=BoundedWebSocket, log_config=None, lifespan="off", ws_max_size=1 << 20
    )
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listening]))
    try:
        async with asyncio.timeout(90):
            yield server, f"ws://127.0.0.1:{listening.getsockname()[1]}/publish"
    finally:
        server.should_exit = True
        await task


def run(endpoint: Endpoint, scenario: Scenario) -> None:
    async def main() -> None:
        async with (
            serving(endpoint) as (_, url),
            connect(url, proxy=None, compression=None) as client,
        ):
            await scenario(client)

    asyncio.run(main())


def test_who_was_told_to_go_hears_it_though_the_service_stops_meanwhile() -> None:
    closed = asyncio.Event()

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_bytes()
        await websocket.close(CloseCode.RESTARTING)
        closed.set()

    async def main() -> None:
        async with (
            serving(endpoint) as (server, url),
            connect(url, proxy=None, compression=None) as client,
        ):
            client.transport.pause_reading()  # a slow line back
            await client.send(b"x")
            await closed.wait()
            server.should_exit = True
            for _ in range(20):  # uvicorn looks ten times a second; what it leaves unread resets
                await asyncio.sleep(0.02)
                with suppress(ConnectionClosed):
                    await client.send(MESSAGE)
            client.transport.resume_reading()
            await client.wait_closed()
            assert client.close_code == CloseCode.RESTARTING

    asyncio.run(main())


def test_a_sender_waits_for_an_application_that_takes_nothing_and_loses_nothing() -> None:
    taking, all_taken = asyncio.Event(), asyncio.Event()
    taken: list[int] = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await taking.wait()
        taken.extend([len(await websocket.receive_bytes()) for _ in range(1000)])
        all_taken.set()

    async def scenario(client: ClientConnection) -> None:
        sent = 0

        async def flood() -> None:
            nonlocal sent
            for _ in range(1000):
                await client.send(MESSAGE)
                sent += 1

        flooding = asyncio.create_task(flood())
        before = -1
        while sent != before:  # until the line is full
            before = sent
            await asyncio.sleep(0.3)
        assert 0 < sent < 1000, "60 MB do not fit between the two ends"
        taking.set()
        await flooding
        await all_taken.wait()

    run(endpoint, scenario)
    assert taken == [len(MESSAGE)] * 1000


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_bytes(await websocket.receive_bytes())


def test_a_message_in_as_many_fragments_as_are_allowed_is_taken() -> None:
    async def scenario(client: ClientConnection) -> None:
        await client.send([b"x"] * (MAX_FRAGMENTS - 1))  # the library adds an empty last one
        assert await client.recv() == b"x" * (MAX_FRAGMENTS - 1)

    run(echo, scenario)


def test_a_message_that_never_ends_ends_its_connection() -> None:
    async def scenario(client: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            await client.send([b""] * 10_000)
        await client.wait_closed()
        assert client.close_code == CloseCode.BAD_REQUEST

    run(echo, scenario)


def test_a_handshake_that_is_refused_is_no_error_of_the_service(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.send_denial_response(PlainTextResponse("not you", 403))

    async def main() -> None:
        async with serving(endpoint) as (_, url):
            with pytest.raises(InvalidStatus) as refused:
                await connect(url, proxy=None)
            assert refused.value.response.status_code == 403
            assert refused.value.response.body == b"not you"

    asyncio.run(main())
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []

"""The service as a whole: a store that fails for good, and a session deleted while it is live."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from narrowcast_client.api import delete_session, list_sessions
from narrowcast_lab import processes
from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.errors import LinkError
from narrowcast_shared.remote.address import parse_address
from narrowcast_shared.wire import SUBPROTOCOL
from narrowcast_shared.wire.messages import Data, End, EndCode, Frame, FrameKind, Hello, Report
from narrowcast_shared.wire.serial import parse, serialise


@asynccontextmanager
async def publishing(url: str, session: str) -> AsyncIterator[ClientConnection]:
    """A publisher that has sent a frame, the first of its session."""
    address = parse_address(url).publish_url()
    async with connect(address, subprotocols=[SUBPROTOCOL], proxy=None) as publisher:  # type: ignore[list-item]
        await publisher.send(serialise(Hello(session, b"12345678", 0, 50)))
        await publisher.recv()
        await send(publisher, 0)
        await publisher.recv()  # a report
        yield publisher


async def send(publisher: ClientConnection, seq: int) -> None:
    await publisher.send(serialise(Data(0, seq, (Frame(seq, FrameKind.NO_FACE),))))


async def stored(publisher: ClientConnection, seq: int) -> None:
    """Wait for the report that all frames below `seq` are stored."""
    while True:
        message = parse(await publisher.recv(decode=False))
        if isinstance(message, Report) and message.stored_seq >= seq:
            return


async def end_of(publisher: ClientConnection) -> End:
    """The END that the decoder says; then it closes."""
    said = None
    try:
        while True:
            message = parse(await publisher.recv(decode=False))
            said = message if isinstance(message, End) else said
    except ConnectionClosed:
        assert said is not None
        return said


def readiness(url: str) -> int:
    try:
        with processes._open(f"{url}/readyz") as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_store_that_is_taken_away_fails_loudly(tmp_path: Path) -> None:
    """1. Two publish. 2. The file goes. 3. Both are told. 4. Readiness and log say what to do."""

    async def scenario(url: str) -> None:
        async with publishing(url, "a") as a, publishing(url, "b") as b:
            assert readiness(url) == 200
            (tmp_path / "series.sqlite").unlink()
            for publisher in (a, b):
                await send(publisher, 1)
                end = await end_of(publisher)
                assert (end.code, end.next_seq) == (EndCode.FAULT, 1)
                assert "was deleted or replaced" in end.reason
                assert publisher.close_code == CloseCode.FAULT
        assert readiness(url) == 503

    with processes.decoder(tmp_path) as url:
        asyncio.run(scenario(url))
    assert (
        "start the decoder again, with the file put back" in (tmp_path / "decoder.log").read_text()
    )


def test_a_live_session_is_deleted_by_force(tmp_path: Path) -> None:
    async def scenario(url: str) -> None:
        address = parse_address(url)
        async with publishing(url, "a") as a, publishing(url, "b") as b:
            with pytest.raises(LinkError, match="is being published"):
                await delete_session(address, "a")
            await delete_session(address, "a", force=True)
            end = await end_of(a)
            assert (end.code, end.reason) == (EndCode.REFUSED, "this session was deleted")
            assert [info.session for info in await list_sessions(address)] == ["b"]
            await send(b, 1)
            await stored(b, 2)
            (info,) = await list_sessions(address)
            assert (info.samples, info.model) == (2, "oa")

    with processes.decoder(tmp_path) as url:
        asyncio.run(scenario(url))


def test_a_second_decoder_on_the_file_does_not_start(tmp_path: Path) -> None:
    with (
        processes.decoder(tmp_path),
        pytest.raises(LinkError, match="is in use by another decoder"),
        processes.decoder(tmp_path),
    ):
        pytest.fail("it started")

"""A publisher that says nothing for long is sent away, unless it is the decoder that is behind."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect

from narrowcast_decoder import server
from narrowcast_decoder.security.assembly import assemble
from narrowcast_decoder.settings import DecoderSettings
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.wire import SUBPROTOCOL
from narrowcast_shared.wire.messages import Data, End, EndCode, Frame, FrameKind, Hello, Report
from narrowcast_shared.wire.serial import parse, serialise

SILENCE_S = 1.5


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrowcast_decoder.ingest.publisher.IDLE_TIMEOUT_US", SILENCE_S * 1e6)
    monkeypatch.setattr("narrowcast_decoder.ingest.publisher.IDLE_CHECK_S", 0.05)


def no_face(seq: int) -> bytes:
    return serialise(Data(0, seq, (Frame(seq, FrameKind.NO_FACE),)))


def run(tmp_path: Path, scenario: Callable[[ClientConnection], Awaitable[None]]) -> None:
    async def main() -> None:
        settings = DecoderSettings(port=0, store=tmp_path / "s.sqlite")
        security = assemble(settings, settings.host, SystemClock())
        listener = server._listen(settings, security)
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/v1/publish"
        recogniser = TorchRecogniser(OneForAll(OneForAllConfig(widths=(8, 8, 8), blocks=(1, 1, 1))))
        serving = asyncio.create_task(server._serve(settings, listener, recogniser, security))
        try:
            async with asyncio.timeout(60):
                async with connect(url, subprotocols=[SUBPROTOCOL], proxy=None) as socket:  # type: ignore[list-item]
                    await socket.send(serialise(Hello("cam", b"12345678", 0, 50)))
                    await socket.recv()
                    await scenario(socket)
        finally:
            signal.raise_signal(signal.SIGTERM)
            await serving

    asyncio.run(main())


async def end_of(socket: ClientConnection) -> End:
    while not isinstance(message := parse(await socket.recv(decode=False)), End):
        assert isinstance(message, Report)
    return message


def test_silence_ends_the_connection_and_not_the_session(tmp_path: Path) -> None:
    async def scenario(socket: ClientConnection) -> None:
        await socket.send(no_face(0))
        end = await end_of(socket)
        assert end.code is EndCode.DRAINING
        assert end.next_seq == 1
        assert "silent" in end.reason

    run(tmp_path, scenario)


def test_one_that_speaks_now_and_then_stays(tmp_path: Path) -> None:
    async def scenario(socket: ClientConnection) -> None:
        for seq in range(6):
            await asyncio.sleep(SILENCE_S / 4)
            await socket.send(no_face(seq))
        await socket.send(serialise(End(EndCode.FINISHED, 6)))
        assert (await end_of(socket)).code is EndCode.FINISHED

    run(tmp_path, scenario)


def test_one_that_waits_for_the_store_is_not_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, ended = SqliteStore.append, asyncio.Event()

    async def slow(store: SqliteStore, *samples: object) -> None:
        await ended.wait()
        await append(store, *samples)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteStore, "append", slow)

    async def scenario(socket: ClientConnection) -> None:
        await socket.send(no_face(0))
        await asyncio.sleep(1.5 * SILENCE_S)
        await socket.send(serialise(End(EndCode.FINISHED, 1)))
        ended.set()
        end = await end_of(socket)
        assert (end.code, end.next_seq) == (EndCode.FINISHED, 1)

    run(tmp_path, scenario)

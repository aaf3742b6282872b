"""A publisher that says its END and does not wait for the store."""

import asyncio
import signal
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from narrowcast_decoder import server
from narrowcast_decoder.security.assembly import assemble
from narrowcast_decoder.settings import DecoderSettings
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.wire import SUBPROTOCOL
from narrowcast_shared.wire.messages import Data, End, EndCode, Frame, FrameKind, Hello
from narrowcast_shared.wire.serial import serialise

APPEND_S = 0.3
REPORT_MS = 50


def test_a_session_that_was_told_to_its_end_ends_whoever_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. Frames and the END come. 2. The line breaks. 3. A report cannot be sent. 4. It ends."""
    append = SqliteStore.append
    ended = asyncio.Event()

    async def slow(store: SqliteStore, *samples: object) -> None:
        await asyncio.sleep(APPEND_S)
        await append(store, *samples)  # type: ignore[arg-type]

    async def note_ended(*_: object) -> None:
        ended.set()

    monkeypatch.setattr(SqliteStore, "append", slow)
    monkeypatch.setattr(SqliteStore, "note_ended", note_ended)

    async def leave(url: str) -> None:
        async with connect(url, subprotocols=[SUBPROTOCOL], proxy=None) as socket:  # type: ignore[list-item]
            await socket.send(serialise(Hello("cam", b"12345678", 0, REPORT_MS)))
            await socket.recv()
            for seq in range(2):
                await socket.send(serialise(Data(0, seq, (Frame(seq, FrameKind.NO_FACE),))))
                await asyncio.sleep(APPEND_S / 3)  # a round of the pipeline each
            await socket.send(serialise(End(EndCode.FINISHED, 2)))
            socket.transport.abort()

    async def main() -> None:
        settings = DecoderSettings(port=0, store=tmp_path / "s.sqlite")
        security = assemble(settings, settings.host, SystemClock())
        listener = server._listen(settings, security)
        recogniser = Recogniser(OneForAll(OneForAllConfig(widths=(8, 8, 8), blocks=(1, 1, 1))))
        serving = asyncio.create_task(server._serve(settings, listener, recogniser, security))
        try:
            await leave(f"ws://127.0.0.1:{listener.getsockname()[1]}/v1/publish")
            await asyncio.wait_for(ended.wait(), 5)
        finally:
            signal.raise_signal(signal.SIGTERM)
            await serving

    asyncio.run(main())

"""An END that has come, and what happens before it is stored."""

import asyncio
import signal
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect

from narrowcast_decoder import server
from narrowcast_decoder.security.assembly import assemble
from narrowcast_decoder.settings import DecoderSettings
from narrowcast_decoder.store import offline
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.wire import SUBPROTOCOL
from narrowcast_shared.wire.messages import Data, End, EndCode, Frame, FrameKind, Hello
from narrowcast_shared.wire.serial import parse, serialise

APPEND_S = 0.3
REPORT_MS = 50

append = SqliteStore.append


async def slow_append(store: SqliteStore, *samples: object) -> None:
    await asyncio.sleep(APPEND_S)
    await append(store, *samples)  # type: ignore[arg-type]


async def told_to_its_end(socket: ClientConnection, frames: int) -> None:
    """So many frames, the last of them not stored yet, and the END."""
    await socket.send(serialise(Hello("cam", b"12345678", 0, REPORT_MS)))
    await socket.recv()
    for seq in range(frames):
        await socket.send(serialise(Data(0, seq, (Frame(seq, FrameKind.NO_FACE),))))
        await asyncio.sleep(APPEND_S / 3)  # a round of the pipeline each
    await socket.send(serialise(End(EndCode.FINISHED, frames)))
    await (await socket.ping())  # answered behind the END


class Serving:
    """A decoder on this loop, until SIGTERM."""

    def __init__(self, folder: Path) -> None:
        settings = DecoderSettings(port=0, store=folder / "s.sqlite")
        security = assemble(settings, settings.host, SystemClock())
        listener = server._listen(settings, security)
        recogniser = TorchRecogniser(OneForAll(OneForAllConfig(widths=(8, 8, 8), blocks=(1, 1, 1))))
        self.ended = asyncio.create_task(server._serve(settings, listener, recogniser, security))
        self._url = f"ws://127.0.0.1:{listener.getsockname()[1]}/v1/publish"

    def dial(self) -> connect:
        return connect(self._url, subprotocols=[SUBPROTOCOL], proxy=None)  # type: ignore[list-item]

    async def stop(self) -> None:
        signal.raise_signal(signal.SIGTERM)
        await self.ended


def test_a_session_that_was_told_to_its_end_ends_whoever_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. Frames and the END come. 2. The line breaks. 3. A report cannot be sent. 4. It ends."""
    ended = asyncio.Event()

    async def note_ended(*_: object) -> None:
        ended.set()

    monkeypatch.setattr(SqliteStore, "append", slow_append)
    monkeypatch.setattr(SqliteStore, "note_ended", note_ended)

    async def main() -> None:
        serving = Serving(tmp_path)
        try:
            async with serving.dial() as socket:
                await told_to_its_end(socket, 2)
                socket.transport.abort()
            await asyncio.wait_for(ended.wait(), 90)
        finally:
            await serving.stop()

    asyncio.run(main())


@pytest.mark.parametrize("leaves", [False, True])
def test_a_session_that_was_told_to_its_end_ends_also_where_the_service_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves: bool
) -> None:
    """As where both machines, or both containers, are stopped at once."""
    monkeypatch.setattr(SqliteStore, "append", slow_append)

    async def main() -> None:
        serving = Serving(tmp_path)
        async with serving.dial() as socket:
            await told_to_its_end(socket, 3)
            stopping = asyncio.create_task(serving.stop())
            if leaves:
                socket.transport.abort()
            else:
                said = [parse(data) async for data in socket]  # type: ignore[arg-type]
                assert said[-1] == End(EndCode.FINISHED, 3, "finished")
            await stopping

    asyncio.run(main())
    archive = offline.open_offline(tmp_path / "s.sqlite")
    about = asyncio.run(archive.session("cam"))
    archive.close()
    assert (about.state, about.samples) == ("ended", 3)

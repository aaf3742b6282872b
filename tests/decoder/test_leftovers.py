"""What a session leaves in memory: nothing that waits for the garbage collector, who comes late."""

import asyncio
import gc
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from narrowcast_decoder import server
from narrowcast_decoder.security.assembly import assemble
from narrowcast_decoder.settings import DecoderSettings
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.wire import SUBPROTOCOL
from narrowcast_shared.wire.messages import Data, End, EndCode, Frame, FrameKind, Hello
from narrowcast_shared.wire.serial import serialise

NO_FACE = serialise(Data(0, 0, (Frame(0, FrameKind.NO_FACE),)))
OF_A_CONNECTION = (
    "BoundedWebSocket", "Publisher", "Reporting", "RungContexts", "Claim", "Follower",
    "Subscription", "Lease",
)  # fmt: skip
SESSIONS = 5
LOOKS = 100


async def play(port: int, session: str) -> None:
    """A session of one frame, with a subscriber who sees it live."""
    base = f"ws://127.0.0.1:{port}/v1"
    publishing = connect(f"{base}/publish", subprotocols=[SUBPROTOCOL], proxy=None)  # type: ignore[list-item]
    async with publishing as publisher:
        await publisher.send(serialise(Hello(session, b"12345678", 0, 50)))
        await publisher.recv()
        async with connect(f"{base}/sessions/{session}/subscribe", proxy=None) as subscriber:
            await asyncio.sleep(0.05)  # until it waits for the hub
            await publisher.send(NO_FACE)
            await subscriber.recv()
            await publisher.send(serialise(End(EndCode.FINISHED, 1)))
            for each in (publisher, subscriber):
                await closed(each)


async def closed(socket: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        while True:
            await socket.recv()


def there() -> Counter[str]:
    """How many of each kind; those that other tests have left are none of this one's."""
    kinds = Counter(type(each).__name__ for each in gc.get_objects())
    return Counter({name: kinds[name] for name in OF_A_CONNECTION})


def test_nothing_of_a_connection_outlives_it(tmp_path: Path) -> None:
    async def scenario() -> Counter[str]:
        before = there()
        settings = DecoderSettings(port=0, store=tmp_path / "s.sqlite")
        security = assemble(settings, settings.host, SystemClock())
        listener = server._listen(settings, security)
        recogniser = TorchRecogniser(OneForAll(OneForAllConfig(widths=(8, 8, 8), blocks=(1, 1, 1))))
        serving = asyncio.create_task(server._serve(settings, listener, recogniser, security))
        try:
            async with asyncio.timeout(60):
                for number in range(SESSIONS):
                    await play(listener.getsockname()[1], f"cam-{number}")
                for _ in range(LOOKS):
                    await asyncio.sleep(0.05)
                    if not (found := there() - before):
                        break
            return found
        finally:
            signal.raise_signal(signal.SIGTERM)
            await serving

    gc.collect()
    gc.disable()
    try:
        assert not asyncio.run(scenario())
    finally:
        gc.enable()

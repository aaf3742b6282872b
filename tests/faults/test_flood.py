"""Publishers that send as fast as they can, from threads of their own, and read nothing."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from websockets.frames import Opcode

from narrowcast_shared.remote.address import parse_address
from narrowcast_shared.wire import SUBPROTOCOL
from narrowcast_shared.wire.messages import Clock, Data, Frame, FrameKind
from narrowcast_shared.wire.serial import serialise

from .beside import going_on
from .publisher import RUNG, clip, hello
from .raw_web_socket import as_sent, upgraded
from .service import Service

logger = logging.getLogger(__name__)

FLOOD_S = 2.0
MESSAGES = 20_000
READING_BYTES = 60_000_000
"""What a full batch makes the network allocate, once; of the others, queues."""

FRAMES_BYTES = 15_000_000
NO_FRAMES_BYTES = 8_000_000


def coded_frames() -> bytes:
    """A valid stream, one access unit a message."""
    units = clip()
    messages = []
    for seq in range(MESSAGES):
        unit = units[seq % len(units)]
        kind = FrameKind.KEYFRAME if unit.keyframe else FrameKind.DELTA
        messages.append(serialise(Data(0, seq, (Frame(400 * seq, kind, unit.nals),), RUNG)))
    return b"".join(map(as_sent, messages))


def runs() -> bytes:
    """Four thousand frames in each few bytes."""
    skipped = (Frame(0, FrameKind.SKIPPED),) * 4000
    return b"".join(as_sent(serialise(Data(0, 4000 * i, skipped))) for i in range(500))


def clocks() -> bytes:
    """Messages that no queue of frames holds back."""
    return as_sent(serialise(Clock(1, 1))) * MESSAGES * 10


def pings() -> bytes:
    """Each is owed a pong as long."""
    return as_sent(bytes(125), Opcode.PING) * MESSAGES * 10


def fragments() -> bytes:
    """One message that never ends and never grows."""
    return as_sent(b"\x03", fin=False) + as_sent(b"", Opcode.CONT, fin=False) * MESSAGES * 100


@contextmanager
def flood(url: str, data: bytes) -> Iterator[None]:
    """Greet, and pour `data` until it is sent, or cut on the way out. Nothing is read."""
    peer = upgraded(parse_address(url).publish_url(), SUBPROTOCOL)
    peer.sendall(as_sent(serialise(hello("flood"))))
    peer.settimeout(None)

    def pour() -> None:
        with suppress(OSError):
            peer.sendall(data)

    pouring = threading.Thread(target=pour)
    pouring.start()
    try:
        yield
    finally:
        with suppress(OSError):
            peer.shutdown(socket.SHUT_RDWR)
        pouring.join()
        peer.close()


@pytest.fixture(scope="module", autouse=True)
def _warm(decoder: Service) -> None:
    """The decoder has read full batches: what they allocate once is no flood's doing."""

    async def scenario() -> None:
        async with going_on(decoder.url):
            with flood(decoder.url, coded_frames()):
                await asyncio.sleep(FLOOD_S / 2)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("kind", "memory_bytes"),
    [
        (coded_frames, READING_BYTES),
        (runs, FRAMES_BYTES),
        (clocks, NO_FRAMES_BYTES),
        (pings, NO_FRAMES_BYTES),
        (fragments, NO_FRAMES_BYTES),
    ],
)
def test_a_flood_is_held_back_and_leaves_room_for_others(
    decoder: Service, kind: Callable[[], bytes], memory_bytes: int
) -> None:
    data = kind()

    async def scenario() -> int:
        async with going_on(decoder.url):
            before_bytes = decoder.resident_bytes()
            with flood(decoder.url, data):
                await asyncio.sleep(FLOOD_S)
                return decoder.resident_bytes() - before_bytes

    grown_bytes = asyncio.run(scenario())
    logger.info("a flood of %s: memory grew by %.1f MB", kind.__name__, grown_bytes / 1e6)
    assert grown_bytes < memory_bytes

"""A session that goes on beside a fault, and what is asked of it: that it notices nothing."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from narrowcast_shared.remote.address import Address
from narrowcast_shared.samples import Sample

from .publisher import Publisher, publishing
from .series import nothing_is_lost, read

logger = logging.getLogger(__name__)

FPS = 25
LEAST_FRAMES = 10

LATE_MS = 15_000.0
"""From capture to sample: far above what it takes, on a machine that others use too."""

_numbers = count()


@asynccontextmanager
async def going_on(
    decoder: str | Address, session: str | None = None, *, late_ms: float = LATE_MS
) -> AsyncIterator[Publisher]:
    """Frames in real time around whatever the block does.

    Afterwards each has its one reading, none came over `late_ms` after its capture, and the session
    has ended in order.
    """
    session = session or f"beside-{next(_numbers)}"
    async with publishing(decoder, session) as publisher:
        over = asyncio.Event()
        playing = asyncio.create_task(_play(publisher, over))
        try:
            yield publisher
        finally:
            over.set()
            await playing
        await publisher.finish()
    untouched(await asyncio.to_thread(_samples, decoder, session), publisher.seq, late_ms)


def untouched(samples: list[Sample], frames: int, late_ms: float) -> None:
    """Every frame has one sample, in order, with a reading that came in time."""
    assert len(samples) == frames >= LEAST_FRAMES
    nothing_is_lost(samples)
    assert [sample.seq for sample in samples] == list(range(frames))
    latest_ms = max(sample.latency_ms or 0 for sample in samples)
    logger.info("beside the fault: %d frames, the latest %.0f ms old", frames, latest_ms)
    assert latest_ms < late_ms


def _samples(decoder: str | Address, session: str) -> list[Sample]:
    state, samples = read(decoder, session)
    assert state == "ended"
    return samples


async def _play(publisher: Publisher, over: asyncio.Event) -> None:
    """Play until the fault is over, however short it is."""
    start_s, frames = time.monotonic(), 0
    while not over.is_set() or frames < LEAST_FRAMES:
        await publisher.play(1)
        frames += 1
        await asyncio.sleep(max(0.0, start_s + frames / FPS - time.monotonic()))

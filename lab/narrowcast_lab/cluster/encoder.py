"""The product's own encoder in this process, fed with drawn chips.

Session, reconnection and back-fill are those of `narrowcast encode`; camera and face detection are
left out.
"""

import asyncio
import os
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.live.publisher import Publisher
from narrowcast_encoder.rate.bandwidth import BandwidthEstimator
from narrowcast_encoder.rate.pinned import PinnedController
from narrowcast_encoder.session.stream import Stream
from narrowcast_encoder.session.uplink import Uplink
from narrowcast_shared.clock import SteadyClock, SystemClock
from narrowcast_shared.errors import LinkError
from narrowcast_shared.link import Link
from narrowcast_shared.operating_point import CHIP_PX, OperatingPoint, Rung
from narrowcast_shared.remote.address import as_address
from narrowcast_shared.wire.messages import INCARNATION_BYTES, Capability, Hello, Report

FPS = 25
POINT = OperatingPoint(Rung(32, 36), FPS, 1)
REPORT_INTERVAL_MS = 200
PATIENCE_S = 30.0


class HeardStream(Stream):
    """A stream that remembers what it was told to be stored."""

    acknowledged = 0
    """One above the highest frame of which a report said so."""

    def reported(self, report: Report, now_us: int, unix_us: int) -> None:
        self.acknowledged = max(self.acknowledged, report.stored_seq)
        super().reported(report, now_us, unix_us)


class Encoder:
    """Publishes one session from `run` until `stop`, in real time."""

    def __init__(self, session: str, url: str) -> None:
        self.session = session
        self.sent_away = False
        """Whether the decoder has ended the stream: another encoder has taken the session over."""
        self._clock = SteadyClock(SystemClock())
        hello = Hello(
            session,
            os.urandom(INCARNATION_BYTES),
            self._clock.unix_us(),
            REPORT_INTERVAL_MS,
            Capability.CLOCK | Capability.BACKFILL,
        )
        uplink = Uplink(Link(), BandwidthEstimator(1000 * REPORT_INTERVAL_MS))
        self._stream = HeardStream(PinnedController(POINT), uplink, hello.start_us)
        self._publisher = Publisher(self._stream, hello, as_address(url), self._clock, PATIENCE_S)
        self._stopped = asyncio.Event()

    @property
    def acknowledged(self) -> int:
        """One above the highest frame that it was told to be stored."""
        return self._stream.acknowledged

    @property
    def welcomed(self) -> asyncio.Event:
        """Set once a decoder has taken the session on."""
        return self._publisher.welcomed

    def stop(self) -> None:
        """No more frames: `run` returns once all are acknowledged."""
        self._stopped.set()

    async def run(self) -> None:
        """Publish. Raises LinkError where no decoder answers for `PATIENCE_S`."""
        publishing = asyncio.create_task(self._publisher.run())
        feeding = asyncio.create_task(self._feed())
        try:
            await asyncio.wait({publishing, feeding}, return_when=asyncio.FIRST_COMPLETED)
            if not publishing.done():
                self._publisher.source_ended()
            await publishing
        except LinkError:
            self.sent_away = self._stream.next_seq > 0 and not self._stopped.is_set()
            if not self.sent_away:
                raise
        finally:
            for task in (feeding, publishing):
                task.cancel()
            await asyncio.wait({feeding, publishing})

    async def _feed(self) -> None:
        """Frames at their times, whether anybody takes them or not."""
        await self._publisher.welcomed.wait()
        chips = drawn()
        start_us, frames = self._clock.monotonic_us(), 0
        while not self._stopped.is_set():
            now_us = self._clock.monotonic_us()
            self._stream.frame(chips[frames % len(chips)], self._clock.unix_us(), now_us)
            self._publisher.stir()
            frames += 1
            due_us = start_us + frames * 1_000_000 // FPS
            with suppress(TimeoutError):
                async with asyncio.timeout((due_us - self._clock.monotonic_us()) / 1e6):
                    await self._stopped.wait()


def drawn() -> list[NDArray[np.uint8]]:
    """A blob that moves to and fro: uint8 [96, 96] each, a second of it."""
    y, x = (np.mgrid[0:CHIP_PX, 0:CHIP_PX] + 0.5) / CHIP_PX
    middles = 0.5 + 0.1 * np.sin(2 * np.pi * np.arange(FPS) / FPS)
    return [
        (60 + 150 * np.exp(-(((x - middle) / 0.3) ** 2) - ((y - 0.5) / 0.4) ** 2)).astype(np.uint8)
        for middle in middles
    ]

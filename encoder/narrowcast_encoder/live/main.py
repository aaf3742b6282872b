"""From what the user asks for to a running encoder, and a line on what it did."""

import asyncio
import logging
import os
import secrets
from pathlib import Path
from typing import NamedTuple

import cv2

from narrowcast_encoder.crop import ChipMaker
from narrowcast_encoder.detection import make_detector
from narrowcast_encoder.live.feed import FedFrame, FrameFeed
from narrowcast_encoder.live.publisher import Publisher
from narrowcast_encoder.live.run import run
from narrowcast_encoder.session.settings import StreamSettings, make_stream, report_interval_ms
from narrowcast_encoder.session.stream import Stream
from narrowcast_encoder.sources import FrameSource, open_source
from narrowcast_shared import __version__
from narrowcast_shared.clock import Clock, SystemClock
from narrowcast_shared.errors import ProtocolError, SettingsError
from narrowcast_shared.remote.address import parse_address
from narrowcast_shared.wire.messages import (
    INCARNATION_BYTES,
    Capability,
    Hello,
    check_session_name,
)

logger = logging.getLogger(__name__)


class EncodeRequest(NamedTuple):
    """What `narrowcast encode` was asked to do."""

    source: str
    url: str
    session: str | None
    settings: StreamSettings
    loop: bool
    patience_s: float
    detector: str
    detector_model: Path | None


def publish(request: EncodeRequest) -> None:
    """Run one encoder to the end of its source. Raises NarrowcastError."""
    cv2.setNumThreads(1)  # a chip is too small to share among threads
    clock = SystemClock()
    capture_clock = _CaptureClock(clock)
    hello = _hello(request, capture_clock.start_us)
    stream = make_stream(request.settings, capture_clock.start_us)
    maker = ChipMaker(make_detector(request.detector, request.detector_model))
    with open_source(request.source, loop=request.loop, clock=capture_clock) as source:
        logger.info("publishing %s as session %s", request.source, hello.session)
        asyncio.run(_publish(request, hello, stream, maker, source, clock))
    counts = stream.counts
    logger.info(
        "%d frames coded in %d bytes, %d without a face, %d skipped",
        counts.coded, counts.unit_bytes, counts.no_face, counts.skipped,
    )  # fmt: skip


class _CaptureClock:
    """Unix time that never steps: read once, then carried on by the monotonic clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._origin_us = clock.monotonic_us()
        self.start_us = clock.unix_us()

    def __call__(self) -> float:
        return (self.start_us + self._clock.monotonic_us() - self._origin_us) / 1e6


async def _publish(
    request: EncodeRequest,
    hello: Hello,
    stream: Stream,
    maker: ChipMaker,
    source: FrameSource,
    clock: Clock,
) -> None:
    address = parse_address(request.url)
    publisher = Publisher(stream, hello, address, clock, request.patience_s)

    def take(frame: FedFrame) -> None:
        now_us = clock.monotonic_us()
        if frame.late:
            stream.skip(frame.captured_us, now_us)
        else:
            stream.frame(frame.chip, frame.captured_us, now_us)
        publisher.stir()

    await run(publisher, FrameFeed(source, maker, clock, take))


def _hello(request: EncodeRequest, start_us: int) -> Hello:
    return Hello(
        session=_session_name(request.session),
        incarnation=os.urandom(INCARNATION_BYTES),
        start_us=start_us,
        report_interval_ms=report_interval_ms(request.settings),
        capabilities=Capability.CLOCK,
        software=f"narrowcast {__version__}",
        cap_bps=request.settings.cap_bps or 0,
    )


def _session_name(wanted: str | None) -> str:
    if wanted is None:
        return f"cam-{secrets.token_hex(3)}"
    try:
        return check_session_name(wanted)
    except ProtocolError as error:
        raise SettingsError(error.problem, error.remedy) from None

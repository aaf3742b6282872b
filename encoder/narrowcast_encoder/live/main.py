"""From what the user asks for to a running encoder, and a line on what it did."""

import asyncio
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click
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
from narrowcast_shared.clock import Clock, SteadyClock, SystemClock
from narrowcast_shared.errors import ProtocolError, SettingsError
from narrowcast_shared.remote.address import Address
from narrowcast_shared.wire.messages import (
    INCARNATION_BYTES,
    Capability,
    Hello,
    check_session_name,
)


class EncodeRequest(NamedTuple):
    """What `narrowcast encode` was asked to do."""

    source: str
    address: Address
    session: str | None
    settings: StreamSettings
    loop: bool
    patience_s: float
    detector: str
    detector_model: Path | None
    preview: bool = False
    """Whether whoever may subscribe may see the received face."""


def publish(request: EncodeRequest) -> None:
    """Run one encoder to the end of its source. Raises NarrowcastError."""
    cv2.setNumThreads(1)  # a chip is too small to share among threads
    clock = SteadyClock(SystemClock())
    address = request.address
    hello = _hello(request, clock.unix_us())
    stream = make_stream(request.settings, hello.start_us)
    publisher = Publisher(stream, hello, address, clock, request.patience_s)
    maker = ChipMaker(make_detector(request.detector, request.detector_model))
    source = open_source(request.source, loop=request.loop, clock=lambda: clock.unix_us() / 1e6)

    def welcomed() -> None:
        stream.begin(clock.monotonic_us())  # frames follow now: a cap's steps count from here
        watch = f"narrowcast watch {hello.session} --decoder {address.base}"
        click.echo(f"publishing {request.source} as session {hello.session}: {watch}")
        if request.preview:
            click.echo("whoever may subscribe to it may see the face as it is received")

    asyncio.run(_publish(publisher, stream, FeedParts(source, maker, clock), welcomed))
    counts = stream.counts
    click.echo(
        f"{counts.coded} frames coded in {counts.unit_bytes} bytes, "
        f"{counts.no_face} without a face, {counts.skipped} skipped, "
        f"{counts.backfilled} back-filled"
    )


class FeedParts(NamedTuple):
    """What a feed of frames is made of."""

    source: FrameSource
    maker: ChipMaker
    clock: Clock


async def _publish(
    publisher: Publisher, stream: Stream, parts: FeedParts, on_welcome: Callable[[], None]
) -> None:
    clock = parts.clock

    def take(frame: FedFrame) -> None:
        now_us = clock.monotonic_us()
        if frame.late:
            stream.skip(frame.captured_us, now_us)
        else:
            stream.frame(frame.chip, frame.captured_us, now_us)
        publisher.stir()

    await run(publisher, FrameFeed(*parts, take), on_welcome)


def _hello(request: EncodeRequest, start_us: int) -> Hello:
    capabilities = Capability.CLOCK | Capability.BACKFILL | Capability.CAPS
    if request.preview:
        capabilities |= Capability.PREVIEW
    return Hello(
        session=_session_name(request.session),
        incarnation=os.urandom(INCARNATION_BYTES),
        start_us=start_us,
        report_interval_ms=report_interval_ms(request.settings),
        capabilities=capabilities,
        software=f"narrowcast {__version__}",
        cap_bps=request.settings.link.mean_bps or 0,
    )


def _session_name(wanted: str | None) -> str:
    if wanted is None:
        return f"cam-{secrets.token_hex(3)}"
    try:
        return check_session_name(wanted)
    except ProtocolError as error:
        raise SettingsError(error.problem, error.remedy) from None

"""From what the user asks for to a running encoder, and a line on what it did."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click
import cv2

from narrowcast_encoder.crop import ChipMaker
from narrowcast_encoder.detection import make_detector
from narrowcast_encoder.live.feed import FedFrame, FrameFeed
from narrowcast_encoder.live.opening import Opening, Wanted, opening
from narrowcast_encoder.live.run import run
from narrowcast_encoder.session.stream import Counts
from narrowcast_encoder.sources import FrameSource, open_source, shown
from narrowcast_shared.errors import SourceError


class EncodeRequest(NamedTuple):
    """What `narrowcast encode` was asked to do."""

    source: str
    wanted: Wanted
    loop: bool
    detector: str
    detector_model: Path | None
    public_url: str
    """Base URL of the decoder for viewers, who may reach it by another name than we do."""


def publish(request: EncodeRequest) -> None:
    """Run one encoder to the end of its source. Raises NarrowcastError."""
    cv2.setNumThreads(1)  # a chip is too small to share among threads
    opened = opening(request.wanted)
    clock, stream = opened.clock, opened.stream
    maker = ChipMaker(make_detector(request.detector, request.detector_model))
    source = open_source(
        request.source,
        loop=request.loop,
        clock=lambda: clock.unix_us() / 1e6,
        patience_s=request.wanted.patience_s,
    )

    def welcomed() -> None:
        stream.begin(clock.monotonic_us())  # frames follow now: a cap's steps count from here
        watch = f"narrowcast watch {opened.session} --decoder {request.public_url}"
        click.echo(f"publishing {shown(request.source)} as session {opened.session}: {watch}")
        if request.wanted.preview:
            click.echo("whoever may subscribe to it may see the face as it is received")

    try:
        asyncio.run(_publish(opened, source, maker, welcomed, request.wanted.settings.fps))
    except SourceError:
        _tell_counts(stream.counts)
        raise
    _tell_counts(stream.counts)


def _tell_counts(counts: Counts) -> None:
    click.echo(
        f"{counts.coded} frames coded in {counts.unit_bytes} bytes, "
        f"{counts.no_face} without a face, {counts.skipped} skipped, "
        f"{counts.backfilled} back-filled"
    )


async def _publish(
    opened: Opening,
    source: FrameSource,
    maker: ChipMaker,
    on_welcome: Callable[[], None],
    max_fps: float | None,
) -> None:
    clock, stream, publisher = opened.clock, opened.stream, opened.publisher

    def take(frame: FedFrame) -> None:
        now_us = clock.monotonic_us()
        if frame.late:
            stream.skip(frame.captured_us, now_us)
        else:
            stream.frame(frame.chip, frame.captured_us, now_us)
        publisher.stir()

    await run(publisher, FrameFeed(source, maker, clock, take, max_fps), on_welcome)

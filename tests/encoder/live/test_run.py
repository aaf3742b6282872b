"""A live encoder's end: signals, sources that block, and what must not vanish."""

import asyncio
import os
import signal
import threading
import time

import numpy as np
import pytest

from narrowcast_encoder.crop import ChipMaker
from narrowcast_encoder.detection import Box, FaceDetector
from narrowcast_encoder.live.feed import FedFrame, FrameFeed
from narrowcast_encoder.live.run import run
from narrowcast_encoder.sources import CapturedFrame, FrameSource
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.errors import LinkError

STOP_S = 30.0


class Source(FrameSource):
    """A live source of `frames` pictures, which then blocks until it is let go."""

    live = True

    def __init__(self, frames: int, *, blocks: bool) -> None:
        self.left = frames
        self.blocks = blocks
        self.let_go = threading.Event()
        self.closed_by: list[str] = []
        self.reading = False

    def __next__(self) -> CapturedFrame:
        if self.left == 0:
            self.reading = True
            if self.blocks:
                self.let_go.wait()
            self.reading = False
            raise StopIteration
        self.left -= 1
        return CapturedFrame(np.zeros((32, 32, 3), np.uint8), time.time())

    def close(self) -> None:
        assert not self.reading, "FFmpeg crashes when a container is closed under a read"
        self.closed_by.append(threading.current_thread().name)


class NoFace(FaceDetector):
    def detect(self, image: np.ndarray) -> list[Box]:  # type: ignore[type-arg]
        assert image.size
        return []


class Publisher:
    """Welcomed at once; finished only where the decoder is there to say so."""

    def __init__(self, *, answers: bool, fails: bool = False, welcomes: bool = True) -> None:
        self.welcomes = welcomes
        self.welcomed = asyncio.Event()
        self.ending = asyncio.Event()
        self.answers = answers
        self.hurried = False
        self.fails = fails

    async def run(self) -> None:
        if self.welcomes:
            self.welcomed.set()
        if self.fails:
            await asyncio.sleep(0.2)
            raise LinkError("another encoder publishes this session now")
        await self.ending.wait()
        if not self.answers:
            await asyncio.Event().wait()

    def hurry(self) -> None:
        self.hurried = True

    def source_ended(self) -> None:
        self.ending.set()


def play(source: Source, publisher: Publisher, *, stop: bool, sink_fails: bool = False) -> float:
    """Run to the end; where asked, SIGTERM once the source is read as far as it goes.

    Returns how long it took.
    """

    def sink(_: FedFrame) -> None:
        if sink_fails:
            raise ValueError("the coder broke")

    started = time.monotonic()

    async def terminate() -> None:
        for _ in range(30 if not publisher.welcomes else 9000):
            if source.reading or publisher.ending.is_set():
                break
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    async def scenario() -> None:
        feed = FrameFeed(source, ChipMaker(NoFace()), SystemClock(), sink)
        running = run(publisher, feed, lambda: None)  # type: ignore[arg-type]
        await asyncio.wait_for(asyncio.gather(running, *([terminate()] if stop else [])), 90)

    try:
        asyncio.run(scenario())
    finally:
        source.let_go.set()
    return time.monotonic() - started


def closed(source: Source) -> list[str]:
    for _ in range(9000):
        if source.closed_by:
            break
        time.sleep(0.01)
    return source.closed_by


def test_a_source_that_ends_is_closed_by_the_thread_that_reads() -> None:
    source = Source(3, blocks=False)
    play(source, Publisher(answers=True), stop=False)
    assert closed(source) == ["capture"]


def test_a_camera_that_blocks_does_not_hold_up_the_end() -> None:
    source = Source(3, blocks=True)
    assert play(source, Publisher(answers=True), stop=True) < STOP_S
    assert closed(source) == ["capture"]


def test_a_signal_ends_an_encoder_whose_decoder_is_away_at_the_end_of_its_source() -> None:
    publisher = Publisher(answers=False)
    assert play(Source(3, blocks=False), publisher, stop=True) < STOP_S
    assert publisher.hurried, "no time to code what is held"


def test_a_refusal_while_the_source_is_read_is_told_and_closes_nothing_under_the_read() -> None:
    source = Source(3, blocks=True)
    with pytest.raises(LinkError, match="another encoder"):
        play(source, Publisher(answers=True, fails=True), stop=False)
    assert closed(source) == ["capture"]


def test_a_source_that_was_never_read_is_closed() -> None:
    source = Source(3, blocks=False)
    publisher = Publisher(answers=True, welcomes=False)
    play(source, publisher, stop=True)
    assert len(closed(source)) == 1


def test_what_fails_in_the_sink_ends_the_encoder_and_is_raised() -> None:
    with pytest.raises(ValueError, match="the coder broke"):
        play(Source(3, blocks=True), Publisher(answers=True), stop=False, sink_fails=True)

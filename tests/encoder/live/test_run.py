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
from narrowcast_shared.errors import LinkError, SourceError

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

    def source_ended(self, *, failed: bool = False) -> None:
        self.failed = failed
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


class Slow(FaceDetector):
    """No face, after a while: the detector of a machine that is too slow."""

    def __init__(self, for_s: float) -> None:
        self.for_s = for_s
        self.looked = 0

    def detect(self, image: np.ndarray) -> list[Box]:  # type: ignore[type-arg]
        assert image.size
        self.looked += 1
        time.sleep(self.for_s)
        return []


class Clip(FrameSource):
    """A recording of `frames` pictures at 100 a second; or a live source that they come from."""

    def __init__(self, frames: int, *, live: bool = False, fails: bool = False) -> None:
        self.live = live
        self.times = iter(range(frames))
        self.fails = fails
        self.stalls_at: int | None = None
        self.began_s: float | None = None

    def __next__(self) -> CapturedFrame:
        index = next(self.times, None)
        if index is None and self.fails:
            raise SourceError("the camera is gone")
        if index is None:
            raise StopIteration
        image = np.zeros((32, 32, 3), np.uint8)
        if index == self.stalls_at:
            time.sleep(1.5)
        if not self.live:
            image = image[:0, :0] if index / 100 < self.unwanted_before_s else image
            return CapturedFrame(image, index / 100)
        self.began_s = time.time() if self.began_s is None else self.began_s
        t_s = self.began_s + index / 100
        time.sleep(max(0.0, t_s - time.time()))
        return CapturedFrame(image, t_s, due_s=t_s)

    def close(self) -> None:
        pass


def feed_all(source: FrameSource, detector: FaceDetector) -> tuple[list[FedFrame], Publisher]:
    fed: list[FedFrame] = []
    publisher = Publisher(answers=True)

    async def scenario() -> None:
        feed = FrameFeed(source, ChipMaker(detector), SystemClock(), fed.append)
        await asyncio.wait_for(run(publisher, feed, lambda: None), 60)  # type: ignore[arg-type]

    asyncio.run(scenario())
    return fed, publisher


@pytest.mark.parametrize("live", [False, True])
def test_a_machine_that_is_too_slow_looks_at_every_second_and_says_so_once(
    live: bool, caplog: pytest.LogCaptureFixture
) -> None:
    source = Clip(800, live=live)
    fed, _ = feed_all(source, Slow(0.05))
    assert len(fed) == 800, "each frame is told"
    looked = [index for index, frame in enumerate(fed) if not frame.late]
    assert max(np.diff(looked)) <= 50, "one in half a second at the least"
    assert len(looked) < 600
    told = [text for text in caplog.messages if "too slow" in text]
    assert len(told) == 1
    assert "--fps" in told[0]


def test_a_recording_that_stalls_while_frames_are_left_out_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = Clip(500)
    source.stalls_at = 300
    fed, _ = feed_all(source, Slow(0.05))
    assert len(fed) == 500
    assert fed[300].captured_us - fed[299].captured_us > 1_000_000
    assert len([text for text in caplog.messages if "played on from where it is" in text]) == 1


def test_frames_from_before_the_session_are_of_no_session() -> None:
    source = Clip(100, live=True)
    source.began_s = time.time() - 0.5
    fed, _ = feed_all(source, NoFace())
    assert 0 < len(fed) <= 60


@pytest.mark.parametrize("fails", [False, True])
def test_a_source_that_breaks_down_has_not_ended(fails: bool) -> None:
    source, publisher = Clip(5, fails=fails), Publisher(answers=True)

    async def scenario() -> None:
        feed = FrameFeed(source, ChipMaker(NoFace()), SystemClock(), lambda _: None)
        await asyncio.wait_for(run(publisher, feed, lambda: None), 30)  # type: ignore[arg-type]

    if fails:
        with pytest.raises(SourceError, match="the camera is gone"):
            asyncio.run(scenario())
    else:
        asyncio.run(scenario())
    assert publisher.failed is fails

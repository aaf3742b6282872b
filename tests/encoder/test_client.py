"""Frames of one's own to a decoder: what arrives, what is refused, and how it ends."""

import asyncio
import gc
import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.asyncio.server import ServerConnection, serve

from narrowcast_client import decoder_at
from narrowcast_encoder.client import Publication, StreamSettings, publish
from narrowcast_encoder.detection import Box, FaceDetector
from narrowcast_encoder.live import run
from narrowcast_shared.errors import LinkError, SettingsError, SourceError
from narrowcast_shared.wire import MAX_MESSAGE_BYTES, SUBPROTOCOL
from narrowcast_shared.wire.messages import (
    TICK_US,
    Capability,
    Data,
    End,
    EndCode,
    Frame,
    FrameKind,
    Hello,
    Welcome,
)
from narrowcast_shared.wire.serial import parse, serialise

FACE = np.full((120, 160, 3), 90, np.uint8)
FACE[30:90, 50:110] = np.arange(60, dtype=np.uint8)[:, None, None] * 3


class Centre(FaceDetector):
    """A face in the middle of whatever it is shown, but for what is all black."""

    def detect(self, image: NDArray[np.uint8]) -> list[Box]:
        height, width = image.shape[:2]
        face = Box(width / 2 - 30, height / 2 - 30, 60, 60, 1.0)
        return [face] if image.any() else []


class Decoder:
    """Takes one session on, and keeps what it is told."""

    def __init__(self, *, refuses: bool = False, ends: bool = True) -> None:
        self.refuses = refuses
        self.ends = ends
        self.hello: Hello | None = None
        self.frames: list[Frame] = []
        self.end: End | None = None
        self.told = asyncio.Event()
        """Set by a frame, and by the end: whoever waits clears it."""
        self.replaced = asyncio.Event()

    async def __call__(self, socket: ServerConnection) -> None:
        replacing = asyncio.create_task(self._replace(socket))
        try:
            async for data in socket:
                assert isinstance(data, bytes)
                await self._take(socket, data)
        finally:
            replacing.cancel()

    async def _take(self, socket: ServerConnection, data: bytes) -> None:
        match parse(data):
            case Hello() as hello:
                self.hello = hello
                refusal = End(EndCode.REFUSED, 0, "not you")
                welcome = Welcome(0, MAX_MESSAGE_BYTES)
                await socket.send(serialise(refusal if self.refuses else welcome))
            case Data() as message:
                self.frames += message.frames
                self.told.set()
            case End() as end:
                self.end = end
                self.told.set()
                if self.ends:
                    await socket.send(serialise(End(EndCode.FINISHED, end.next_seq)))

    async def _replace(self, socket: ServerConnection) -> None:
        await self.replaced.wait()
        await socket.send(serialise(End(EndCode.REPLACED, 0, "another encoder is here")))


@asynccontextmanager
async def running(decoder: Decoder) -> AsyncIterator[str]:
    """Its URL. Afterwards nobody has left a task behind."""
    async with serve(decoder, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL]) as server:  # type: ignore[list-item]
        before = asyncio.all_tasks()
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        left = [task for task in asyncio.all_tasks() - before if "publish" in repr(task)]
        assert left == []


def test_frames_arrive_in_order_with_their_times_and_the_session_ends() -> None:
    began = time.time()

    async def scenario() -> Decoder:
        async with (
            running(decoder := Decoder()) as url,
            publish(url, "anna", detector=Centre(), preview=True) as encoder,
        ):
            assert encoder.session == "anna"
            for index in range(5):
                await encoder.frame(FACE, began + 60 + index)
            await encoder.frame(np.zeros_like(FACE), began + 65)
            await asyncio.gather(*(encoder.frame(FACE, began + 66 + i) for i in range(4)))
        return decoder

    decoder = asyncio.run(scenario())
    assert decoder.hello is not None
    assert decoder.hello.session == "anna"
    wanted = Capability.CLOCK | Capability.BACKFILL | Capability.CAPS | Capability.PREVIEW
    assert decoder.hello.capabilities == wanted
    assert [frame.kind is FrameKind.NO_FACE for frame in decoder.frames].index(True) == 5
    assert [bool(frame.nals) for frame in decoder.frames] == [True] * 5 + [False] + [True] * 4
    captured = [decoder.hello.start_us + frame.ticks * TICK_US for frame in decoder.frames]
    assert captured == pytest.approx([1e6 * (began + 60 + i) for i in range(10)], abs=2 * TICK_US)
    assert decoder.end is not None
    assert (decoder.end.code, decoder.end.next_seq) == (EndCode.FINISHED, 10)


def test_without_a_time_a_frame_is_of_now_and_without_a_name_one_is_made_up() -> None:
    async def scenario() -> tuple[Decoder, str]:
        async with running(decoder := Decoder()) as url:
            async with publish(decoder_at(url), detector=Centre()) as encoder:
                await encoder.frame(FACE)
                await asyncio.sleep(0.2)
                await encoder.frame(FACE)
            return decoder, encoder.session

    decoder, name = asyncio.run(scenario())
    first, second = (frame.ticks * TICK_US for frame in decoder.frames)
    assert 0 <= first < 60_000_000
    assert second - first >= 200_000 - TICK_US
    assert name.startswith("cam-")


def test_frames_from_before_the_session_are_refused_unless_it_is_told_to_begin_then() -> None:
    """They would all be stored with the time of its beginning."""
    recorded = time.time() - 3600

    async def scenario(start_s: float | None) -> Decoder:
        async with (
            running(decoder := Decoder()) as url,
            publish(url, detector=Centre(), start_s=start_s) as encoder,
        ):
            for index in range(5):
                await encoder.frame(FACE, recorded + index)
        return decoder

    with pytest.raises(SourceError, match=r"36\d\d\.\d+ s before its session began, at 1") as told:
        asyncio.run(scenario(None))
    assert "start_s" in told.value.remedy
    decoder = asyncio.run(scenario(recorded))
    assert decoder.hello is not None
    captured = [decoder.hello.start_us + frame.ticks * TICK_US for frame in decoder.frames]
    assert captured == pytest.approx([1e6 * (recorded + i) for i in range(5)], abs=2 * TICK_US)


@pytest.mark.parametrize("start_s", [12.5, float("nan"), 1.8e12])
def test_a_session_does_not_begin_at_a_time_that_is_none(start_s: float) -> None:
    async def scenario() -> None:
        async with publish("http://127.0.0.1:1", detector=Centre(), start_s=start_s):
            raise AssertionError("it began")

    with pytest.raises(SettingsError, match="no session begins at"):
        asyncio.run(scenario())


def test_views_of_other_arrays_are_frames_too() -> None:
    wide = np.repeat(FACE, 2, axis=1)

    async def scenario() -> Decoder:
        async with running(decoder := Decoder()) as url, publish(url, detector=Centre()) as encoder:
            views = (FACE[:, :, ::-1], wide[:, ::2], np.asfortranarray(FACE), FACE[::-1])
            for second, view in enumerate(views):
                await encoder.frame(view, time.time() + second)
        return decoder

    assert [bool(frame.nals) for frame in asyncio.run(scenario()).frames] == [True] * 4


@pytest.mark.parametrize(
    ("image", "t", "told"),
    [
        ([[0, 0, 0]], None, "numpy array, not list"),
        (FACE[:, :, 0], None, r"not uint8 \[120, 160\]"),
        (FACE.astype(np.float32), None, "not float32"),
        (np.zeros((0, 160, 3), np.uint8), None, r"\[0, 160, 3\]"),
        (np.zeros((9, 9, 4), np.uint8), None, r"\[9, 9, 4\]"),
        (FACE, 1.8e12, "Unix time in seconds"),
        (FACE, 12.5, "Unix time in seconds"),
        (FACE, float("nan"), "nan is no time"),
    ],
)
def test_what_is_no_frame_is_refused_and_the_session_goes_on(
    image: NDArray[np.uint8], t: float | None, told: str
) -> None:
    async def scenario() -> Decoder:
        async with running(decoder := Decoder()) as url, publish(url, detector=Centre()) as encoder:
            with pytest.raises(SourceError, match=told):
                await encoder.frame(image, t)
            await encoder.frame(FACE)
        return decoder

    assert len(asyncio.run(scenario()).frames) == 1


def test_settings_that_cannot_be_are_refused_before_anybody_is_asked() -> None:
    async def enter(url: str, session: str, settings: StreamSettings) -> None:
        async with publish(url, session, settings=settings, detector=Centre()):
            raise AssertionError("it began")

    for url, session, settings, told in (
        ("nonsense", "anna", StreamSettings(), "no URL"),
        ("http://127.0.0.1:1", "../etc", StreamSettings(), "etc"),
        ("http://127.0.0.1:1", "anna", StreamSettings(px=500), "500"),
    ):
        with pytest.raises(SettingsError, match=told):
            asyncio.run(enter(url, session, settings))


def test_a_decoder_that_refuses_or_is_not_there() -> None:
    async def refused() -> None:
        async with running(Decoder(refuses=True)) as url, publish(url, detector=Centre()):
            raise AssertionError("it began")

    async def alone() -> None:
        async with publish("http://127.0.0.1:1", detector=Centre(), patience_s=0.3):
            raise AssertionError("it began")

    with pytest.raises(LinkError, match="not you"):
        asyncio.run(refused())
    with pytest.raises(LinkError, match="narrowcast serve"):
        asyncio.run(alone())


def test_a_session_that_another_takes_over_fails_the_next_frame(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def until_refused(encoder: Publication) -> None:
        while True:
            await encoder.frame(FACE)
            await asyncio.sleep(0.02)

    async def scenario(*, hides: bool) -> None:
        async with running(decoder := Decoder()) as url, publish(url, detector=Centre()) as encoder:
            decoder.replaced.set()
            with pytest.raises(LinkError, match="another encoder"):
                await asyncio.wait_for(until_refused(encoder), 90)
            if hides:
                raise KeyError("of the program's own")

    with pytest.raises(LinkError, match="another encoder"):
        asyncio.run(scenario(hides=False))
    with caplog.at_level(logging.ERROR, "asyncio"), pytest.raises(KeyError):
        asyncio.run(scenario(hides=True))
    gc.collect()
    assert caplog.records == [], "no exception of a task is left to be complained of"


@pytest.mark.parametrize("how", ["cancelled", "failed"])
def test_a_block_that_is_left_early_tells_what_it_has_and_the_end(how: str) -> None:
    async def body(url: str, ready: asyncio.Event) -> None:
        async with publish(url, detector=Centre()) as encoder:
            for _ in range(3):
                await encoder.frame(FACE)
            ready.set()
            if how == "failed":
                raise KeyError("of the program's own")
            await asyncio.Event().wait()

    async def scenario() -> Decoder:
        async with running(decoder := Decoder()) as url:
            ready = asyncio.Event()
            program = asyncio.create_task(body(url, ready))
            await ready.wait()
            if how == "cancelled":
                program.cancel()
            with pytest.raises(asyncio.CancelledError if how == "cancelled" else KeyError):
                await program
        return decoder

    decoder = asyncio.run(scenario())
    assert len(decoder.frames) == 3
    assert decoder.end is not None
    assert decoder.end.next_seq == 3


@pytest.mark.parametrize("at_the_end", [False, True])
def test_cancellation_is_not_held_up_by_a_decoder_that_owes_its_answer(
    at_the_end: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(run, "STOP_GRACE_S", 0.3)

    async def body(url: str) -> None:
        async with publish(url, detector=Centre()) as encoder:
            await encoder.frame(FACE)
            if not at_the_end:
                await asyncio.Event().wait()

    async def scenario() -> float:
        async with running(decoder := Decoder(ends=False)) as url:
            program = asyncio.create_task(body(url))
            while not (decoder.end if at_the_end else decoder.frames):
                await decoder.told.wait()
                decoder.told.clear()
            program.cancel()
            began = time.monotonic()
            with pytest.raises(asyncio.CancelledError):
                await program
            return time.monotonic() - began

    assert 0.3 <= asyncio.run(scenario()) < 30
    assert "not acknowledged the end" in caplog.text


def test_cancelled_before_anybody_answers_it_is_gone_at_once() -> None:
    async def body(url: str) -> None:
        async with publish(url, detector=Centre()):
            raise AssertionError("it began")

    async def scenario() -> None:
        program = asyncio.create_task(body("http://127.0.0.1:1"))
        await asyncio.sleep(0.2)
        program.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(program, 90)

    asyncio.run(scenario())


def test_after_the_block_there_are_no_more_frames_and_no_thread() -> None:
    async def scenario() -> None:
        async with running(Decoder()) as url:
            async with publish(url, detector=Centre()) as encoder:
                await encoder.frame(FACE)
            with pytest.raises(LinkError, match="has ended"):
                await encoder.frame(FACE)

    asyncio.run(scenario())
    deadline = time.monotonic() + 90
    while any(thread.name.startswith("face") for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "its thread goes on"
        time.sleep(0.01)


def test_a_slow_detector_does_not_hold_up_the_loop() -> None:
    looking, may_go_on = threading.Event(), threading.Event()

    class Slow(Centre):
        def detect(self, image: NDArray[np.uint8]) -> list[Box]:
            looking.set()
            assert may_go_on.wait(90)
            return super().detect(image)

    async def scenario() -> None:
        async with running(Decoder()) as url, publish(url, detector=Slow()) as encoder:
            task = asyncio.create_task(encoder.frame(FACE))
            while not looking.is_set():  # noqa: ASYNC110 - of a thread
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.01)
            assert not task.done()
            may_go_on.set()
            await task

    asyncio.run(scenario())

"""The capture thread: frames when they are due, made into chips, handed to the event loop.

    source -> due? -> ChipMaker -> loop.call_soon_threadsafe(sink)

At most `SLOTS` chips wait for the loop; beyond, the thread waits too. A machine that does not keep
up with its source looks at fewer frames, evenly over time (`Thinner`); the others are skipped, on
record. A camera's driver drops frames itself meanwhile, before they are captured.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.crop import ChipMaker
from narrowcast_encoder.sources import CapturedFrame, FrameSource
from narrowcast_encoder.sources.anchor import Playback, Thinner
from narrowcast_shared.clock import Clock
from narrowcast_shared.errors import NarrowcastError

logger = logging.getLogger(__name__)

SLOTS = 8
POLL_S = 0.2
READ_GRACE_S = 0.5
"""How long `stop` waits for a read: that of a camera or a URL may block for longer."""

LOOKS_PER_CODED = 4
"""Of so many frames for each that may be coded, evenly spaced ones can be chosen."""

US_PER_S = 1_000_000


class FedFrame(NamedTuple):
    """One captured frame. chip: uint8 [96, 96], or None without a face; `late` has no chip."""

    captured_us: int
    chip: NDArray[np.uint8] | None
    late: bool = False


class FrameFeed:
    """Runs one source in one thread, which closes it. Whoever makes a feed calls `stop`."""

    def __init__(
        self,
        source: FrameSource,
        maker: ChipMaker,
        clock: Clock,
        sink: Callable[[FedFrame], None],
        max_fps: float | None = None,
    ) -> None:
        """`sink` is called on the event loop, once a frame, in order.

        max_fps: no more frames a second are coded; not many more need to be looked at.
        """
        self._source = source
        self._maker = maker
        self._clock = clock
        self._sink = sink
        self._thinner = Thinner(0.0 if max_fps is None else 1 / (LOOKS_PER_CODED * max_fps))
        self._told_slow = False
        self._slots = threading.Semaphore(SLOTS)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._error: NarrowcastError | None = None
        self._crash: BaseException | None = None
        self.ended = asyncio.Event()
        """Set on the loop after the last frame was handed over; no more follow."""

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """End the thread; one that a read blocks is left behind, and what it still reads dropped.

        The source is never closed under a read: FFmpeg would crash.
        """
        self._stopping.set()
        self._source.interrupt()
        if self._thread.ident is None and not self.ended.is_set():
            self._source.close()
            self.ended.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READ_GRACE_S):
                await self.ended.wait()
        self.ended.set()

    @property
    def failed(self) -> bool:
        """Whether the source broke down instead of coming to its end."""
        return self._error is not None or self._crash is not None

    def result(self) -> None:
        """Raise what ended the source early, if anything did."""
        if self._crash is not None:
            raise self._crash
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            with self._source:
                if self._source.live:
                    self._play_live()
                else:
                    self._play_recording()
        except NarrowcastError as error:
            self._error = error
        except BaseException as crash:  # noqa: BLE001 - handed to the loop, which raises it
            self._crash = crash
        finally:
            self._on_loop(self.ended.set)

    def _play_live(self) -> None:
        """Frames carry their time of capture; those from before the session are left out."""
        start_s, before = self._clock.unix_us() / US_PER_S, 0
        for frame in self._source:
            if frame.t_s < start_s:
                before += 1
                continue
            if before:
                logger.info("%d frames from before the session are left out", before)
                before = 0
            due_s = frame.due_s
            now_s = self._clock.unix_us() / US_PER_S
            late_s = 0.0 if due_s is None else self._wait(due_s - now_s)
            if not self._hand_over(frame, frame.t_s, late_s):
                return

    def _play_recording(self) -> None:
        """Frames are played at the recording's own speed, and stamped as they are played."""
        start_us = self._clock.monotonic_us()
        unix_s = self._clock.unix_us() / US_PER_S
        playback = Playback(0.0)
        for frame in self._source:
            played_s = (self._clock.monotonic_us() - start_us) / US_PER_S
            if put_off_s := playback.read(frame.t_s, played_s):
                self._thinner.reset()
                self._tell_put_off(put_off_s, stalled=playback.has_stalled)
            if playback.is_slow:
                self._tell_slow()
            due_s = playback.due_s(frame.t_s)
            late_s = self._wait(due_s - played_s)
            if not self._hand_over(frame, unix_s + due_s, late_s):
                return

    def _wait(self, ahead_s: float) -> float:
        """Sleep until a frame is due. Returns by how much it is late."""
        if ahead_s > 0:
            self._stopping.wait(ahead_s)
        return max(0.0, -ahead_s)

    def _hand_over(self, frame: CapturedFrame, captured_s: float, late_s: float) -> bool:
        """Give one frame to the loop once a slot is free. Returns False when stopped instead."""
        looks = frame.image.size > 0 and self._thinner.looks_at(frame.t_s, late_s)
        self._source.unwanted_before_s = self._thinner.next_s
        if self._thinner.is_slow:
            self._tell_slow()
        chip = self._maker.chip(frame.image) if looks else None
        while not self._stopping.is_set():
            if self._slots.acquire(timeout=POLL_S):
                fed = FedFrame(round(captured_s * US_PER_S), chip, late=not looks)
                self._on_loop(self._deliver, fed)
                return True
        return False

    def _tell_put_off(self, by_s: float, *, stalled: bool) -> None:
        level = logging.WARNING if stalled and not self._told_slow else logging.INFO
        logger.log(level, "the source is %.1f s late: it is played on from where it is", by_s)

    def _tell_slow(self) -> None:
        if self._told_slow:
            return
        self._told_slow = True
        logger.warning(
            "this machine is too slow for this source, so frames are skipped: give --fps 5, or set "
            "the source to a smaller resolution or frame rate"
        )

    def _deliver(self, frame: FedFrame) -> None:
        self._slots.release()
        if self.ended.is_set():
            return
        try:
            self._sink(frame)
        except Exception as crash:  # noqa: BLE001 - the loop would only log it; `result` raises it
            self._crash = crash
            self._stopping.set()
            self.ended.set()

    def _on_loop(self, call: Callable[..., None], *arguments: FedFrame) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:  # the loop is closed: nobody waits for frames any more
            logger.debug("the event loop ended before the capture thread")

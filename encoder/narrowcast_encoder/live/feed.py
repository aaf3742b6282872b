"""The capture thread: frames at their own speed, made into chips, handed to the event loop.

    source -> pace -> ChipMaker -> loop.call_soon_threadsafe(sink)

At most `SLOTS` chips wait for the loop; beyond, the thread waits too: a camera then drops
frames before they are captured, and a file that falls behind its own speed skips, on record.
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
from narrowcast_shared.clock import Clock
from narrowcast_shared.errors import NarrowcastError

logger = logging.getLogger(__name__)

SLOTS = 8
MAX_LATE_US = 300_000
"""A file's frame that comes this late is skipped rather than shown late."""

POLL_S = 0.2
READ_GRACE_S = 0.5
"""How long `stop` waits for a read: that of a camera or a URL may block for longer."""

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
    ) -> None:
        """`sink` is called on the event loop, once a frame, in order."""
        self._source = source
        self._maker = maker
        self._clock = clock
        self._sink = sink
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
        if self._thread.ident is None and not self.ended.is_set():
            self._source.close()
            self.ended.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READ_GRACE_S):
                await self.ended.wait()
        self.ended.set()

    def result(self) -> None:
        """Raise what ended the source early, if anything did."""
        if self._crash is not None:
            raise self._crash
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            with self._source:
                self._play()
        except NarrowcastError as error:
            self._error = error
        except BaseException as crash:  # noqa: BLE001 - handed to the loop, which raises it
            self._crash = crash
        finally:
            self._on_loop(self.ended.set)

    def _play(self) -> None:
        """Live sources stamp their frames themselves; a recording plays at its own speed."""
        start_mono_us = self._clock.monotonic_us()
        start_unix_us = self._clock.unix_us()
        for frame in self._source:
            captured_us, late = round(frame.t_s * US_PER_S), False
            if not self._source.live:
                late = self._wait_until(start_mono_us + captured_us)
                captured_us += start_unix_us
            if self._stopping.is_set() or not self._hand_over(frame, captured_us, late=late):
                return

    def _wait_until(self, due_us: int) -> bool:
        """Sleep until a frame is due. Returns whether it is too late to be worth a look."""
        ahead_us = due_us - self._clock.monotonic_us()
        if ahead_us > 0:
            self._stopping.wait(ahead_us / US_PER_S)
        return ahead_us < -MAX_LATE_US

    def _hand_over(self, frame: CapturedFrame, captured_us: int, *, late: bool) -> bool:
        """Give one frame to the loop once a slot is free. Returns False when stopped instead."""
        chip = None if late else self._maker.chip(frame.image)
        while not self._slots.acquire(timeout=POLL_S):
            if self._stopping.is_set():
                return False
        self._on_loop(self._deliver, FedFrame(captured_us, chip, late))
        return True

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

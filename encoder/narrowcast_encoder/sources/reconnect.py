"""A camera that goes away comes back: it is opened again until it does, or patience ends.

Only a live source is worth that; the end of a recording is its end. A network camera that restarts,
a proxy that hangs up, a plug that is pulled: all of them look alike, frames end or reading fails.
Meanwhile nothing is captured, so there are no samples. A stream that comes back as a recording, as
live HLS does when the broadcast is over, has ended.
"""

import logging
import threading
from collections.abc import Callable
from random import Random

from narrowcast_encoder.sources.frame import CapturedFrame, FrameSource
from narrowcast_shared.clock import Clock, SystemClock
from narrowcast_shared.errors import SourceError
from narrowcast_shared.remote.backoff import Persistence

logger = logging.getLogger(__name__)


class ReconnectingSource(FrameSource):
    """A live source and its successors. `next` raises SourceError once it stays away for longer
    than the patience, and at once where it never gave a frame.
    """

    live = True

    def __init__(
        self,
        source: FrameSource,
        reopen: Callable[[], FrameSource],
        name: str,
        patience_s: float,
        clock: Clock | None = None,
    ) -> None:
        """name: what messages call it, without a password."""
        self._source: FrameSource | None = source
        self._reopen = reopen
        self._name = name
        self._patience_s = patience_s
        self._clock = clock or SystemClock()
        random = Random()  # noqa: S311 - jitter
        now_us = self._clock.monotonic_us()
        self._persistence = Persistence(patience_s, patience_s, now_us, random)
        self._has_frames = self._is_away = False
        self._interrupted = threading.Event()

    def __next__(self) -> CapturedFrame:
        while not self._interrupted.is_set():
            try:
                frame = self._read()
            except SourceError as error:
                self._lose()
                self._wait(error)
            else:
                if frame is None:
                    break
                self._note_frame()
                return frame
        raise StopIteration

    def interrupt(self) -> None:
        self._interrupted.set()
        if (source := self._source) is not None:
            source.interrupt()

    def close(self) -> None:
        self._interrupted.set()
        self._lose()

    def _read(self) -> CapturedFrame | None:
        """One frame; None where the stream has come to its end. Raises SourceError."""
        if self._source is None:
            source = self._reopen()
            if not source.live:
                source.close()
                return None
            self._source = source
            if self._interrupted.is_set():
                return None
        self._source.unwanted_before_s = self.unwanted_before_s
        frame = next(self._source, None)
        if frame is None and not self._interrupted.is_set():
            raise SourceError(f"{self._name} has hung up")
        return frame

    def _note_frame(self) -> None:
        self._has_frames = True
        self._persistence.contact(self._clock.monotonic_us())
        self._persistence.success()
        if self._is_away:
            self._is_away = False
            logger.warning("%s is back", self._name)

    def _lose(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def _wait(self, error: SourceError) -> None:
        """Pause before the next try. Raises `error`, or one that says for how long it was tried."""
        if not self._has_frames:
            raise error
        delay_s = self._persistence.next_delay_s(self._clock.monotonic_us())
        if delay_s is None:
            raise SourceError(
                f"{self._name} stayed away for {self._patience_s:g} s ({error.problem})",
                "check the camera and the way to it; --patience waits longer",
            ) from error
        if self._is_away:
            logger.info("%s; trying again in %.1f s", error.problem, delay_s)
        else:  # once an outage
            self._is_away = True
            logger.warning("%s; connecting again", error.problem)
        self._interrupted.wait(delay_s)

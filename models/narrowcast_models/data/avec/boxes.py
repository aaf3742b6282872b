"""Where the face is in each frame of a recording, as a table says.

    frame;x;y;w;h                  frames counted from 0
    frametime;x;y;w;h              or found by their time in s
    frame;frametime;x;y;w;h        or both: then a frame without a time is left out

x, y is the upper left corner, all four in px. Cells that are empty or `nan`: no face.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from narrowcast_models.data import delimited
from narrowcast_models.data.delimited import Row
from narrowcast_shared.errors import DataError

FRAME = "frame"
TIME = "frametime"
_SIDES = (("x", "left"), ("y", "top"), ("w", "width"), ("h", "height"))
_TIME_REACH_S = 0.021
"""A box belongs to the frame within half a frame period of its time, rounding allowed."""


class Box(NamedTuple):
    """A face's bounding box in px of the frame: its upper left corner and its sides."""

    x: float
    y: float
    w: float
    h: float

    @property
    def long_side(self) -> float:
        return max(self.w, self.h)


class TimedBox(NamedTuple):
    """A frame's time in s and its face; None for what is not known."""

    time_s: float | None
    box: Box | None


class Boxes:
    """The boxes of one recording, found by a frame's number or its time."""

    def __init__(self, entries: dict[float, TimedBox], *, by_frame: bool, timed: bool) -> None:
        """`entries` by the frame's number or time; `timed`: whether the table gives times."""
        self._entries = entries
        self._by_frame = by_frame
        self._timed = timed
        self._keys = np.array(sorted(entries))

    def at(self, frame: int, time_s: float | None) -> TimedBox:
        """What is known of the frame of this number and presentation time."""
        if self._by_frame:
            entry = self._entries.get(frame, TimedBox(time_s, None))
            return entry if self._timed else TimedBox(time_s, entry.box)
        if time_s is None or not self._entries:
            return TimedBox(time_s, None)
        nearest = float(self._keys[np.abs(self._keys - time_s).argmin()])
        within = abs(nearest - time_s) <= _TIME_REACH_S
        return self._entries[nearest] if within else TimedBox(time_s, None)


def read(path: Path) -> Boxes:
    """The boxes of a CSV. Raises DataError naming the file and the line."""
    rows = delimited.read(path)
    if not rows:
        raise DataError(f"{path} names no box", "a line each: frame;x;y;w;h")
    columns = rows[0].cells
    sides = tuple(delimited.column(path, columns, names) for names in _SIDES)
    by_frame, timed = FRAME in columns, TIME in columns
    if not by_frame:
        delimited.column(path, columns, (TIME,))
    entries: dict[float, TimedBox] = {}
    for row in rows:
        entry = _entry(row, sides, timed)
        key = _frame(row) if by_frame else entry.time_s
        if key in entries:
            raise row.error("this frame has a box already", "leave one face a frame")
        if key is not None:
            entries[key] = entry
    return Boxes(entries, by_frame=by_frame, timed=timed)


def _frame(row: Row) -> int:
    value = row.number(FRAME)
    if value < 0 or value != int(value):
        raise row.error(f"frame {value:g} is no whole number from 0")
    return int(value)


def _entry(row: Row, sides: tuple[str, ...], timed: bool) -> TimedBox:
    x, y, w, h = (row.optional(side) for side in sides)
    time_s = row.optional(TIME) if timed else None
    if x is None or y is None or w is None or h is None or w <= 0 or h <= 0:
        return TimedBox(time_s, None)
    return TimedBox(time_s, Box(x, y, w, h))

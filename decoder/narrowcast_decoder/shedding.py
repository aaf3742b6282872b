"""Which frames are not read where more come than can be read in time. Pure: no clock, no I/O.

Reading costs more than all else together that is done for a frame, and nothing builds on a reading;
on a picture the next ones build. So a frame that is shed is decoded, not read, and told as skipped.

Frames are shed only where the pace of the last rounds leaves no time for them *and* they have
waited: a burst that the next round has room for is read. Every session has the same part of a
round; what one leaves of it is the others'. Within a session the oldest go, for they are late.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

ROUND_US = 100_000
"""A round is to take no longer: with the one before it, it is most of what a frame waits for."""

PATIENCE_US = 200_000
"""A frame that has waited for less is left for the next round where this one is full. So many
streams may begin at once: each opens a context, which takes as long as reading three chips.
"""

MIN_ROOM = 64
"""Chips that a round may always read."""

MIN_LEARNT = 16
"""Smaller rounds say little about the time of a chip: most of theirs is the round's own."""

_GAIN = 0.25  # of a new observation: a pause of the machine is forgotten within a second


class Pace:
    """How many chips can be read in a round, by what the last rounds took."""

    def __init__(self) -> None:
        self._us_per_chip: float | None = None

    def learn(self, chips: int, took_us: int) -> None:
        """A round that read so many chips took so long, store aside."""
        if chips < MIN_LEARNT:
            return
        seen_us = max(1, took_us) / chips
        before_us = seen_us if self._us_per_chip is None else self._us_per_chip
        self._us_per_chip = before_us + _GAIN * (seen_us - before_us)

    @property
    def room(self) -> int | None:
        """Chips of the next round; None where nothing is known yet, and so nothing shed."""
        if self._us_per_chip is None:
            return None
        return max(MIN_ROOM, int(ROUND_US / self._us_per_chip))


class Waiting(NamedTuple):
    """A frame as this module sees it; `since_us` is when it came, None where it has no haste."""

    is_coded: bool
    since_us: int | None


def parts(waiting: Sequence[int], room: int) -> list[int]:
    """`room` dealt out to those of whom so much waits: max-min fair.

    Nobody gets more than waits. What does not go up evenly goes to those who stand first.
    """
    given = [0] * len(waiting)
    wanting = [index for index, count in enumerate(waiting) if count]
    while wanting and room:
        each = max(1, room // len(wanting))
        for index in wanting[:room]:
            more = min(each, waiting[index] - given[index])
            given[index] += more
            room -= more
        wanting = [index for index in wanting if given[index] < waiting[index]]
    return given


def cut(frames: Iterable[Waiting], part: int, excess: int, now_us: int) -> list[bool]:
    """Of one session's frames, the oldest first: those to take now, and whether each is shed.

    part: chips that may be read. excess: how many more than that there are.
    """
    shed: list[bool] = []
    for frame in frames:
        late = frame.since_us is not None and now_us - frame.since_us > PATIENCE_US
        if not frame.is_coded:
            shed.append(False)
        elif late and excess:
            shed.append(True)
            excess -= 1
        elif part:
            shed.append(False)
            part -= 1
        else:
            break
    return shed

"""A cap, constant or in steps: `8k`; `32k,10s:4k,20s:32k`; `16k,5s:0,7s:16k,30s:loop`."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

from narrowcast_shared.errors import SettingsError, pointing_to
from narrowcast_shared.link.capacity import NEVER_US, Capacity, Repeating
from narrowcast_shared.quantities import (
    format_duration,
    format_rate,
    parse_duration,
    parse_rate,
)
from narrowcast_shared.see import See

LOOP = "loop"
REMEDY = "write it like 32k,10s:4k,20s:32k; a rate of 0 is an outage"


class Step(NamedTuple):
    """From `at_us` on the line carries `bps` bit/s; 0 is an outage."""

    at_us: int
    bps: int


class Steps:
    """The capacity of steps that are gone through once; the last holds for ever."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._at_us = [step.at_us for step in steps]
        self._bps = [step.bps for step in steps]
        spans = [
            bps * (end.at_us - start.at_us)
            for bps, (start, end) in zip(self._bps, pairwise(steps), strict=False)
        ]
        self._totals = list(accumulate(spans, initial=0))

    @property
    def mean_bps(self) -> float:
        """The rate that it settles at: the last one above 0."""
        return next(bps for bps in reversed(self._bps) if bps)

    def rate_bps(self, at_us: int) -> int:
        """The rate in force at a time."""
        return self._bps[max(0, bisect_right(self._at_us, at_us) - 1)]

    def total(self, at_us: int) -> int:
        at_us = max(at_us, 0)
        index = bisect_right(self._at_us, at_us) - 1
        return self._totals[index] + self._bps[index] * (at_us - self._at_us[index])

    def when(self, total: int) -> int:
        if total <= 0:
            return 0
        index = bisect_left(self._totals, total) - 1
        bps = self._bps[index]
        if bps == 0:  # only the last step: any other with 0 ends at the total it begins at
            return NEVER_US
        return self._at_us[index] - (self._totals[index] - total) // bps


@dataclass(frozen=True)
class Schedule:
    """Rates that take turns, from time 0 on; begun anew at `loop_us` where that is given.

    Without a loop `mean_bps` is the rate that it settles at, the last one above 0.
    Raises SettingsError where the times do not rise from 0, or nothing is ever carried.
    """

    steps: tuple[Step, ...]
    loop_us: int | None = None

    def __post_init__(self) -> None:
        times = [step.at_us for step in self.steps]
        times += [] if self.loop_us is None else [self.loop_us]
        for before_us, after_us in pairwise(times):
            if after_us <= before_us:
                before, after = format_duration(before_us), format_duration(after_us)
                raise SettingsError(f"in a cap {after} cannot follow {before}", REMEDY)
        if not any(step.bps for step in self.steps):
            raise SettingsError("a cap of 0 carries nothing, ever", REMEDY)

    def __str__(self) -> str:
        """As `parse_schedule` reads it."""
        first, *others = self.steps
        texts = [f"{format_duration(step.at_us)}:{format_rate(step.bps)}" for step in others]
        texts += [] if self.loop_us is None else [f"{format_duration(self.loop_us)}:{LOOP}"]
        return ",".join([format_rate(first.bps), *texts])

    @property
    def mean_bps(self) -> float:
        return self._capacity.mean_bps

    def rate_bps(self, at_us: int) -> int:
        """The rate in force at a time, bit/s."""
        within_us = at_us if self.loop_us is None else at_us % self.loop_us
        return self._once.rate_bps(within_us)

    def total(self, at_us: int) -> int:
        return self._capacity.total(at_us)

    def when(self, total: int) -> int:
        return self._capacity.when(total)

    @cached_property
    def _capacity(self) -> Capacity:
        return self._once if self.loop_us is None else Repeating(self._once, self.loop_us)

    @cached_property
    def _once(self) -> Steps:
        return Steps(self.steps)


def constant(bps: int) -> Schedule:
    """A cap that stays the same."""
    return Schedule((Step(0, bps),))


@pointing_to(See.CAPS)
def parse_schedule(text: str) -> Schedule:
    """The cap that `text` writes. Raises SettingsError, which says what is wrong with it."""
    first, *others = (part.strip() for part in text.split(","))
    if ":" in first:
        raise SettingsError(f"a cap begins with the rate at the start, not with {first!r}", REMEDY)
    steps, loop_us = [Step(0, _bps(first))], None
    for part in others:
        at, colon, what = (word.strip() for word in part.partition(":"))
        if not colon:
            raise SettingsError(f"{part!r} in the cap {text!r} says no time to begin at", REMEDY)
        if loop_us is not None:
            raise SettingsError(f"{part!r} in the cap {text!r} comes after its {LOOP}", REMEDY)
        at_us = round(parse_duration(at) * 1_000_000)
        if what == LOOP:
            loop_us = at_us
        else:
            steps.append(Step(at_us, _bps(what)))
    return Schedule(tuple(steps), loop_us)


def _bps(text: str) -> int:
    """A rate in whole bit/s."""
    rate = parse_rate(text, zero=True)
    if 0 < rate < 1:
        raise SettingsError(f"a rate is 0 or at least 1 bit/s, got {text!r}", REMEDY)
    return round(rate)

"""How soon a run settles after each step of a cap: its delay, and its operating point."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from narrowcast_lab.link_bench import delays
from narrowcast_lab.link_bench.delays import Arrival, Outage
from narrowcast_lab.link_bench.operating import Second
from narrowcast_shared.link import Schedule, constant

US_PER_S = 1_000_000
FULL_FPS_SHARE = 0.9


class Settled(NamedTuple):
    """A step to another rate above 0, and how long after it things were as they stayed.

    late_s: until delay stays in the new rate's bound, None where the phase is too short to tell.
    settled_s: until the first second at the rung of most of the phase's second half, at 90 % of
    its frame rate; None where there is no such second.
    """

    at_us: int
    from_bps: int
    to_bps: int
    late_s: float | None
    settled_s: int | None


def settled(
    schedule: Schedule, arrived: Sequence[Arrival], seconds: Sequence[Second], delay_us: int
) -> list[Settled]:
    """One entry a step within the run, of a schedule that is gone through once."""
    duration_us = len(seconds) * US_PER_S
    steps = [step for step in schedule.steps if step.at_us < duration_us]
    ends_us = [*(step.at_us for step in steps[2:]), duration_us]
    found = []
    for (before, after), end_us in zip(pairwise(steps), ends_us, strict=False):
        if after.bps:
            bound_ms = delays.bound_ms(constant(after.bps), delay_us)
            (late,) = delays.felt([Outage(after.at_us, after.at_us)], arrived, bound_ms, end_us)
            phase = seconds[-(-after.at_us // US_PER_S) : end_us // US_PER_S]
            found.append(Settled(after.at_us, before.bps, after.bps, late.felt_s, _settled(phase)))
    return found


def _settled(phase: Sequence[Second]) -> int | None:
    """Seconds of a phase until it is as in its second half."""
    lasting = phase[len(phase) // 2 :]
    if not lasting:
        return None
    (rung, _), *_ = Counter((second.px, second.qp) for second in lasting).most_common(1)
    full = sorted(second.fps for second in lasting)[len(lasting) // 2]
    as_lasting = (
        index
        for index, second in enumerate(phase)
        if (second.px, second.qp) == rung and second.fps >= FULL_FPS_SHARE * full
    )
    return next(as_lasting, None)

"""All figures of one run by one controller."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_lab.link_bench import delays, operating, wire
from narrowcast_lab.link_bench.delays import DelayFigures, Outage
from narrowcast_lab.link_bench.footage import Footage
from narrowcast_lab.link_bench.hold import hold, split
from narrowcast_lab.link_bench.operating import Second
from narrowcast_lab.link_bench.play import Played
from narrowcast_lab.link_bench.steps import Settled, settled
from narrowcast_lab.link_bench.valence import Reference, ValenceFigures
from narrowcast_lab.link_bench.wire import WireFigures
from narrowcast_shared.link import LinkSettings, Schedule
from narrowcast_shared.samples import Sample, Status


class Setting(NamedTuple):
    """What every controller of a run faces: the footage, its truth, its motion, and the line."""

    footage: Footage
    reference: Reference
    moving: NDArray[np.bool_]
    link: LinkSettings


class Counts(NamedTuple):
    """frames captured, samples made of them; accounted: each has exactly one. readings: live;
    backfilled: the others. rung_switches, and rung_shares of the live ones by `px/qp`.
    """

    frames: int
    samples: int
    accounted: bool
    readings: int
    backfilled: int
    by_status: dict[str, int]
    rung_switches: int
    rung_shares: dict[str, float]


class Course(NamedTuple):
    """How a run went over time: by second [S], at each captured frame [T], at each outage, at
    each step.
    """

    wire_bps: NDArray[np.float64]
    capacity_bps: NDArray[np.float64] | None
    seconds: list[Second]
    held: NDArray[np.float64]
    outages: list[Outage]
    steps: list[Settled]


class Figures(NamedTuple):
    """One controller over one line."""

    valence: ValenceFigures
    wire: WireFigures
    delay: DelayFigures
    counts: Counts
    course: Course

    def flat(self) -> dict[str, Any]:
        """The figures as keys and values; how it went over time is left out."""
        groups = (self.valence, self.wire, self.delay, self.counts)
        return {key: value for group in groups for key, value in group._asdict().items()}


def measure(played: Played, setting: Setting) -> Figures:
    """Figures of what was played, held against the setting's reference."""
    footage, link = setting.footage, setting.link
    live, backfilled = split(played.samples)
    # A reading is there wherever the status is ok.
    values = [sample.valence or 0.0 for sample in live]
    held = hold([sample.seq for sample in live], values, len(footage.chips))
    course = _course(played, live, held, setting)
    return Figures(
        setting.reference.compare(held),
        wire.figures(played.wire, link.capacity, footage.duration_us, setting.moving),
        delays.figures(live, course.outages),
        _counts(played, live, len(backfilled), len(footage.chips)),
        course,
    )


def _course(
    played: Played, live: Sequence[Sample], held: NDArray[np.float64], setting: Setting
) -> Course:
    link, seconds = setting.link, len(setting.moving)
    capacity, duration_us = link.capacity, setting.footage.duration_us
    arrived, by_second = delays.arrivals(live), operating.by_second(live, seconds)
    outages: list[Outage] = []
    if capacity is not None:
        bound_ms = delays.bound_ms(capacity, link.delay_us)
        spans = delays.outages(capacity, duration_us)
        outages = delays.felt(spans, arrived, bound_ms, duration_us)
    steps: list[Settled] = []
    if isinstance(capacity, Schedule) and capacity.loop_us is None:
        steps = settled(capacity, arrived, by_second, link.delay_us)
    return Course(
        wire.bits_by_second(played.wire, seconds),
        None if capacity is None else wire.capacity_by_second(capacity, seconds),
        by_second,
        held,
        outages,
        steps,
    )


def _counts(played: Played, live: Sequence[Sample], backfilled: int, frames: int) -> Counts:
    by_status = Counter(sample.status for sample in played.samples)
    return Counts(
        frames=frames,
        samples=len(played.samples),
        accounted=sorted(sample.seq for sample in played.samples) == list(range(frames)),
        readings=len(live),
        backfilled=backfilled,
        by_status={str(status): by_status[status] for status in Status},
        rung_switches=operating.rung_switches(live),
        rung_shares=operating.rung_shares(live),
    )

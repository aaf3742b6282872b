"""How late live readings were, and how long an outage is felt after its end."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from narrowcast_shared.link import Capacity
from narrowcast_shared.samples import Sample

US_PER_S = 1_000_000
OUTAGE_US = US_PER_S
"""A line that carries nothing for longer than this is out."""

CALM_S = 1.0
"""Delay is back inside its bound when it stays there for so long."""

BOUND_MS = ((2_000, 1200), (3_000, 800), (4_000, 600), (8_000, 400), (16_000, 300))
"""(cap in bit/s, delay that is promised from there on): the p95 asked of each cap."""


class DelayFigures(NamedTuple):
    """From capture to sample, ms, of live readings; None where there is none.

    delay_after_outage_s: the longest of all outages' `felt_s`, None where there was none.
    """

    delay_ms_p50: float | None
    delay_ms_p95: float | None
    delay_ms_p99: float | None
    delay_ms_max: float | None
    delay_after_outage_s: float | None


class Outage(NamedTuple):
    """A span without capacity, us, and for how long after its end delay stays over its bound.

    felt_s None: the next outage, or the end, came before it could be told.
    """

    start_us: int
    end_us: int
    felt_s: float | None = None


class Arrival(NamedTuple):
    """A live reading: when its sample was there, s, and how late it was, ms."""

    at_s: float
    delay_ms: float


def arrivals(live: Sequence[Sample]) -> list[Arrival]:
    """Of samples with a latency, in their order."""
    return [
        Arrival(sample.t + sample.latency_ms / 1000, sample.latency_ms)
        for sample in live
        if sample.latency_ms is not None
    ]


def figures(live: Sequence[Sample], felt: Sequence[Outage]) -> DelayFigures:
    """Percentiles over all live readings."""
    lasting = [outage.felt_s for outage in felt if outage.felt_s is not None]
    after = round(max(lasting), 3) if lasting else None
    delays = [arrival.delay_ms for arrival in arrivals(live)]
    if not delays:
        return DelayFigures(None, None, None, None, after)
    p50, p95, p99, most = (round(float(p), 1) for p in np.percentile(delays, (50, 95, 99, 100)))
    return DelayFigures(p50, p95, p99, most, after)


def bound_ms(capacity: Capacity, delay_us: int) -> float:
    """What p95 is promised on a line of this mean rate, its propagation delay added."""
    kept = [ms for bps, ms in BOUND_MS if bps <= capacity.mean_bps]
    return (kept[-1] if kept else BOUND_MS[0][1]) + delay_us / 1000


def outages(capacity: Capacity, duration_us: int) -> list[Outage]:
    """Spans of more than a second without capacity that begin in the first `duration_us`."""
    found, at_us = [], 0
    while at_us < duration_us:
        total = capacity.total(at_us)
        start_us, end_us = capacity.when(total), capacity.when(total + 1)
        if end_us - start_us > OUTAGE_US + 1:  # a rate's first bit takes a moment
            found.append(Outage(start_us, end_us))
        at_us = max(end_us, at_us + OUTAGE_US // 2)
    return found


def felt(
    spans: Sequence[Outage], arrived: Sequence[Arrival], bound: float, duration_us: int
) -> list[Outage]:
    """The outages that ended, each with how long it was felt."""
    ends = [*(span.start_us for span in spans[1:]), duration_us]
    return [
        span._replace(felt_s=_felt_s(span.end_us / US_PER_S, until_us / US_PER_S, arrived, bound))
        for span, until_us in zip(spans, ends, strict=False)  # no span, one end
        if span.end_us < duration_us
    ]


def _felt_s(end_s: float, until_s: float, arrived: Sequence[Arrival], bound: float) -> float | None:
    """From the end to the first reading from which on all are in bound for CALM_S.

    A line that stays silent is not back: then it is all the time that there was.
    """
    if until_s - end_s <= CALM_S:
        return None
    calm_since_s = None
    for at_s, delay_ms in arrived:
        if not end_s <= at_s < until_s:
            continue
        if calm_since_s is not None and at_s - calm_since_s >= CALM_S:
            break
        if delay_ms > bound:
            calm_since_s = None
        elif calm_since_s is None:
            calm_since_s = at_s
    return round((until_s if calm_since_s is None else calm_since_s) - end_s, 3)

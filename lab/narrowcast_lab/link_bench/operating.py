"""At which operating points the frames were read, second by second, as the samples tell."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from narrowcast_lab.link_bench.delays import arrivals
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.samples import Sample


class Second(NamedTuple):
    """The frames captured in one second that were read live.

    px, qp: the rung of most of them. fps: how many. frames_per_message: how many came together.
    All None, and fps 0, where none was read.
    """

    px: int | None = None
    qp: int | None = None
    fps: int = 0
    frames_per_message: float | None = None
    delay_ms_max: float | None = None


def by_second(live: Sequence[Sample], seconds: int) -> list[Second]:
    """One entry a second [S] of capture time; later frames are left out."""
    buckets: list[list[Sample]] = [[] for _ in range(seconds)]
    for sample in live:
        if sample.t < seconds:
            buckets[int(sample.t)].append(sample)
    return [_second(bucket) for bucket in buckets]


def rung_shares(live: Sequence[Sample]) -> dict[str, float]:
    """Share of the readings at each rung, `px/qp`, the most used first."""
    counts = Counter(f"{sample.px}/{sample.qp}" for sample in live)
    return {rung: round(count / len(live), 4) for rung, count in counts.most_common()}


def rung_switches(live: Sequence[Sample]) -> int:
    """How often a reading was at another rung than the one before."""
    return sum(_rung(before) != _rung(after) for before, after in pairwise(live))


def _second(bucket: Sequence[Sample]) -> Second:
    if not bucket:
        return Second()
    (rung, _), *_ = Counter(map(_rung, bucket)).most_common(1)
    arrived = arrivals(bucket)
    # Frames of one message arrive at one time, which the sample tells to 0.1 ms.
    messages = len({round(arrival.at_s, 3) for arrival in arrived})
    return Second(
        *rung,
        fps=len(bucket),
        frames_per_message=round(len(bucket) / messages, 2) if messages else None,
        delay_ms_max=max((arrival.delay_ms for arrival in arrived), default=None),
    )


def _rung(sample: Sample) -> Rung:
    assert sample.px is not None
    assert sample.qp is not None
    return Rung(sample.px, sample.qp)

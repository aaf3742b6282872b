"""Overload: a decoder that serves half of what it can gets a multiple of it for a while.

    base    |== calm ==|===== overload =====|== recovery ==|    half the capacity, all the time
    extra              |=====================|                  the rest of the multiple

Publishers are not clever: they send every frame at its time, as no encoder does that adapts.
"""

import asyncio
import time
from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from narrowcast_lab import serve_bench
from narrowcast_lab.serve_bench import Request, Tell, percentiles
from narrowcast_lab.serve_bench_capacity import MAX_LATENCY_MS
from narrowcast_lab.serve_bench_clips import Clip
from narrowcast_lab.serve_bench_load import DRAIN_S, HEAD_START_S, Load, Plan
from narrowcast_lab.serve_bench_player import receive
from narrowcast_shared.samples import Sample, Status

BASE, EXTRA = "base", "extra"
"""How the names of the sessions begin."""

CALM_S = 5.0
RECOVERY_S = 10.0
"""Played after the overload: who has not recovered by then has not recovered."""

MAX_BAD_SHARE = 0.01
"""Skipped or late: a capacity is measured by the same share."""


class Plans(NamedTuple):
    """The streams that stay, and those that come for a while; `overload_s` is how long."""

    base: Plan
    extra: Plan
    overload_s: float


class Told(NamedTuple):
    """A sample as its subscriber saw it. Times in s after the first frame of the base.

    stays: whether its stream is of the base.
    """

    session: str
    status: Status
    due_s: float
    came_s: float
    stays: bool

    @property
    def latency_ms(self) -> float:
        """From when its message was due to its arrival."""
        return 1000 * (self.came_s - self.due_s)


@dataclass
class Seen:
    """What the loads saw: samples, frames sent, samples missed, messages late, ms."""

    samples: list[Told] = field(default_factory=list)
    frames_sent: int = 0
    missed: int = 0
    late_ms: "array[float]" = field(default_factory=lambda: array("d"))


class OverloadFigures(NamedTuple):
    """Of one overload. Shares and latencies are of frames that were due in it.

    latency: of all samples, skipped ones too; reading_latency: of those with a reading.
    calm_latency: of the base before. recovery_s: from the end of the overload until 99 of 100
    samples of the base are read, and come within 250 ms. fairness: the readings of the stream that
    got fewest, by those that a stream got in the mean.
    """

    capacity: int
    streams: int
    overload: float
    fps: float
    seconds: float
    px: int
    qp: int
    frames_per_message: int
    model: str
    samples: int
    shed_share: float
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    latency_ms_p99: float | None
    reading_latency_ms_p50: float | None
    reading_latency_ms_p99: float | None
    calm_latency_ms_p99: float | None
    recovery_s: float
    fairness: float
    readings_a_second: float
    samples_lost: int
    samples_missed: int
    load_late_ms_p99: float | None


def measure(request: Request, times: float, clips: list[Clip], tell: Tell) -> OverloadFigures:
    """`times` the streams of the request, which are the capacity, on a decoder of its own."""
    with serve_bench.decoder(request.model, tell) as url:
        plans = make_plans(serve_bench.make_plan(request, clips, url), times, request.seconds)
        count = plans.base.streams + plans.extra.streams
        all_streams = plans.base._replace(streams=count, subscribers=count)
        with serve_bench.playing(all_streams, partial(play_overload, plans), tell) as (_, load):
            tell(f"playing {CALM_S:g} s calmly, {request.seconds:g} s too much, {RECOVERY_S:g} s")
            play_s = HEAD_START_S + CALM_S + request.seconds + RECOVERY_S
            seen = receive(load, play_s + 3 * DRAIN_S)
        assert isinstance(seen, Seen)
        stored = serve_bench.stored(url, BASE) + serve_bench.stored(url, EXTRA)
    kept = sum(by_status["ok"] + by_status["skipped"] for by_status in stored)
    return figures(request, times, plans, seen, seen.frames_sent - kept)


def make_plans(plan: Plan, times: float, overload_s: float) -> Plans:
    """Half of the plan's streams to stay, and the rest of its multiple to come and go."""
    base = max(1, plan.streams // 2)
    extra = max(1, round(times * plan.streams) - base)
    whole_s = CALM_S + overload_s + RECOVERY_S
    each = plan._replace(warm_up=0)
    return Plans(
        each._replace(
            prefix=BASE, streams=base, subscribers=base, frames=round(whole_s * plan.fps)
        ),
        each._replace(
            prefix=EXTRA, streams=extra, subscribers=extra, frames=round(overload_s * plan.fps)
        ),
        overload_s,
    )


async def play_overload(plans: Plans, on_start: Callable[[], None]) -> Seen:
    """Both plans, the extra one from `CALM_S` on."""
    recorder = _Recorder()
    base = Load(plans.base, partial(recorder.note, plans.base))
    extra = Load(plans.extra, partial(recorder.note, plans.extra))
    async with AsyncExitStack() as sockets:
        await base.connect(sockets)
        await extra.connect(sockets)
        on_start()
        recorder.start_s = time.monotonic() + HEAD_START_S
        await asyncio.gather(base.run(recorder.start_s), extra.run(recorder.start_s + CALM_S))
    seen = recorder.seen
    for outcome in (base.outcome, extra.outcome):
        seen.frames_sent += outcome.frames_sent
        seen.missed += outcome.missed
        seen.late_ms += outcome.late_ms
    return seen


class _Recorder:
    """Writes down the samples of both loads."""

    def __init__(self) -> None:
        self.seen = Seen()
        self.start_s = 0.0

    def note(self, plan: Plan, stream: int, sample: Sample, due_s: float, came_s: float) -> None:
        stays = plan.prefix == BASE
        due_s, came_s = due_s - self.start_s, came_s - self.start_s
        told = Told(plan.session(stream), sample.status, due_s, came_s, stays)
        self.seen.samples.append(told)


def figures(request: Request, times: float, plans: Plans, seen: Seen, lost: int) -> OverloadFigures:
    """What the subscribers' view amounts to. lost: frames sent without a sample, or lost."""
    point, fall_s = request.point, CALM_S + plans.overload_s
    within = [told for told in seen.samples if CALM_S <= told.due_s < fall_s]
    read = [told for told in within if told.status is Status.OK]
    calm = [told for told in seen.samples if told.due_s < CALM_S]
    shed = sum(told.status is Status.SKIPPED for told in within)
    p50, p95, p99 = _latencies_ms(within)
    read_p50, _, read_p99 = _latencies_ms(read)
    return OverloadFigures(
        capacity=request.streams,
        streams=plans.base.streams + plans.extra.streams,
        overload=times,
        fps=point.fps,
        seconds=plans.overload_s,
        px=point.rung.px,
        qp=point.rung.qp,
        frames_per_message=point.frames_per_message,
        model=request.model,
        samples=len(within),
        shed_share=round(shed / max(1, len(within)), 4),
        latency_ms_p50=p50,
        latency_ms_p95=p95,
        latency_ms_p99=p99,
        reading_latency_ms_p50=read_p50,
        reading_latency_ms_p99=read_p99,
        calm_latency_ms_p99=_latencies_ms(calm)[2],
        recovery_s=round(recovery_s(seen.samples, fall_s), 2),
        fairness=round(fairness(read, _names(plans)), 3),
        readings_a_second=round(len(read) / plans.overload_s, 1),
        samples_lost=lost,
        samples_missed=seen.missed,
        load_late_ms_p99=percentiles(seen.late_ms)[2],
    )


def recovery_s(samples: list[Told], fall_s: float) -> float:
    """From the fall of the load to where 99 of 100 samples of the base are read, and in time."""
    after = sorted(
        (told for told in samples if told.stays and told.came_s >= fall_s),
        key=lambda told: told.came_s,
    )
    recovered, bad = len(after), 0
    for index in reversed(range(len(after))):
        bad += _is_bad(after[index])
        if bad <= MAX_BAD_SHARE * (len(after) - index):
            recovered = index
    return after[recovered - 1].came_s - fall_s if recovered else 0.0


def _is_bad(told: Told) -> bool:
    return told.status is not Status.OK or told.latency_ms > MAX_LATENCY_MS


def fairness(read: list[Told], names: list[str]) -> float:
    """The fewest readings that a session got, by the mean; 0 where nobody got any."""
    counts = Counter(told.session for told in read)
    return min(counts[name] for name in names) * len(names) / len(read) if read else 0.0


def _latencies_ms(samples: list[Told]) -> tuple[float | None, ...]:
    return percentiles([told.latency_ms for told in samples])


def _names(plans: Plans) -> list[str]:
    both = plans.base, plans.extra
    return [plan.session(stream) for plan in both for stream in range(plan.streams)]

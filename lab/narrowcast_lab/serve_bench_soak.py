"""A soak: sessions come and go for minutes while the decoder's memory is watched.

Leaks hide in set-up and tear-down, so each of N places is taken by one session after another,
each with a publisher and a subscriber of its own.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from multiprocessing.connection import Connection
from typing import NamedTuple

from narrowcast_lab import serve_bench
from narrowcast_lab.serve_bench import Request, Tell
from narrowcast_lab.serve_bench_capacity import MAX_LATENCY_MS
from narrowcast_lab.serve_bench_clips import Clip
from narrowcast_lab.serve_bench_load import DRAIN_S, HEAD_START_S, Load, Plan
from narrowcast_lab.serve_bench_player import receive

SESSION_S = 20.0
"""How long a session lasts; the first ones of their places end spread over this."""

SAMPLE_S = 2.0
"""Between two readings of the memory."""

SHOWN_OF = 5
"""One reading in so many is among the figures."""

TELL_S = 30.0

WINDOW_S = 60.0
"""Growth is from the mean of the second of these to that of the last; a fifth of a short soak."""


class Turn(NamedTuple):
    """Sums over the sessions of a place, or of all."""

    sessions: int = 0
    sent: int = 0
    missed: int = 0
    late: int = 0

    def plus(self, other: "Turn") -> "Turn":
        """Both together."""
        return Turn(*(mine + its for mine, its in zip(self, other, strict=True)))


class Resident(NamedTuple):
    """Memory of the decoder: when, s after the first frame, and how much."""

    at_s: float
    resident_bytes: int


class SoakFigures(NamedTuple):
    """Of one soak. memory_growth: a share, from the second window to the last; None where a
    system does not tell. late: samples that came over 250 ms after they were due.
    """

    streams: int
    fps: float
    seconds: float
    px: int
    qp: int
    frames_per_message: int
    model: str
    sessions: int
    session_s: float
    frames: int
    samples_lost: int
    samples_missed: int
    late_share: float
    cpu_ms_per_frame: float
    memory_growth: float | None
    memory_mb_second_window: float | None
    memory_mb_last_window: float | None
    window_s: float
    memory_mb_by_s: list[tuple[float, float]]


def measure(request: Request, clips: list[Clip], tell: Tell) -> SoakFigures:
    """One soak of a decoder of its own. Raises LinkError where it cannot be made."""
    with serve_bench.decoder(request.model, tell) as url:
        plan = serve_bench.make_plan(request, clips, url)._replace(prefix="soak", warm_up=0)
        load = partial(play_soak, plan, request.seconds, SESSION_S)
        with serve_bench.playing(plan._replace(subscribers=plan.streams), load, tell) as (_, ours):
            before = serve_bench.usage(url)
            memory = _watch(url, request.seconds, tell)
            after = serve_bench.usage(url)
            turns = _turns(ours)
        read = sum(by_status["ok"] for by_status in serve_bench.stored(url, plan.prefix))
    frames = max(1, after.frames - before.frames)
    cpu_ms = 1000 * (after.cpu_s - before.cpu_s) / frames
    return _figures(request, turns, read, cpu_ms, memory)


async def play_soak(
    plan: Plan, seconds: float, session_s: float, on_start: Callable[[], None]
) -> Turn:
    """Sessions of `session_s` in all places of the plan, one after another, for so long."""
    on_start()
    end_s = time.monotonic() + seconds
    async with asyncio.TaskGroup() as tasks:
        places = [
            tasks.create_task(_place(plan, place, session_s, end_s))
            for place in range(plan.streams)
        ]
    total = Turn()
    for place in places:
        total = total.plus(place.result())
    return total


async def _place(plan: Plan, place: int, session_s: float, end_s: float) -> Turn:
    """One session after another in one place; the first one is shorter, each place's by another
    part, so that sessions do not all end together.
    """
    total, turn = Turn(), 0
    while (left_s := end_s - time.monotonic()) > HEAD_START_S:
        share = (place + 1) / plan.streams if turn == 0 else 1.0
        frames = max(1, round(min(session_s * share, left_s - HEAD_START_S) * plan.fps))
        one = plan._replace(
            prefix=f"{plan.prefix}-{place}-{turn}",
            clips=[plan.clips[(place + turn) % len(plan.clips)]],
            streams=1,
            subscribers=1,
            frames=frames,
        )
        total = total.plus(await _session(one))
        turn += 1
    return total


async def _session(plan: Plan) -> Turn:
    load = Load(plan)
    async with AsyncExitStack() as sockets:
        await load.connect(sockets)
        await load.run(time.monotonic() + HEAD_START_S)
    seen = load.outcome
    late = sum(ms > MAX_LATENCY_MS for ms in seen.latency_ms)
    return Turn(1, seen.frames_sent, seen.missed, late)


def _watch(url: str, seconds: float, tell: Tell) -> list[Resident]:
    """Memory every `SAMPLE_S`; none where a system does not tell it."""
    start_s = told_s = time.monotonic()
    memory: list[Resident] = []
    while (now_s := time.monotonic()) < start_s + seconds:
        resident = serve_bench.usage(url).resident_bytes
        if resident is not None:
            memory.append(Resident(now_s - start_s, resident))
        if resident is not None and now_s >= told_s:
            told_s = now_s + TELL_S
            tell(f"{now_s - start_s:.0f} s of {seconds:g}: {_mb(resident):.1f} MB")
        time.sleep(SAMPLE_S)
    return memory


def _turns(load: Connection) -> Turn:
    turns = receive(load, SESSION_S + 2 * DRAIN_S)
    assert isinstance(turns, Turn)
    return turns


def window_mb(memory: list[Resident], window_s: float, index: int) -> float | None:
    """Mean of a window, MB, counted from the start or, below 0, from the last reading."""
    if not memory:
        return None
    begin_s = index * window_s if index >= 0 else memory[-1].at_s + index * window_s
    within = [each for each in memory if begin_s <= each.at_s <= begin_s + window_s]
    return sum(_mb(each.resident_bytes) for each in within) / len(within) if within else None


def _figures(
    request: Request, turns: Turn, read: int, cpu_ms: float, memory: list[Resident]
) -> SoakFigures:
    point, window_s = request.point, min(WINDOW_S, request.seconds / 5)
    second, last = (window_mb(memory, window_s, index) for index in (1, -1))
    return SoakFigures(
        streams=request.streams,
        fps=point.fps,
        seconds=request.seconds,
        px=point.rung.px,
        qp=point.rung.qp,
        frames_per_message=point.frames_per_message,
        model=request.model,
        sessions=turns.sessions,
        session_s=SESSION_S,
        frames=turns.sent,
        samples_lost=turns.sent - read,
        samples_missed=turns.missed,
        late_share=round(turns.late / max(1, turns.sent), 5),
        cpu_ms_per_frame=round(cpu_ms, 4),
        memory_growth=round(last / second - 1, 5) if last and second else None,
        memory_mb_second_window=second and round(second, 2),
        memory_mb_last_window=last and round(last, 2),
        window_s=window_s,
        memory_mb_by_s=[(round(at_s), round(_mb(size), 2)) for at_s, size in memory[::SHOWN_OF]],
    )


def _mb(size_bytes: int) -> float:
    return size_bytes / 1e6

"""What a decoder costs under load: CPU time, latency, losses, memory. docs/serving.md."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from narrowcast_lab import processes, serve_bench_clips
from narrowcast_lab.serve_bench_clips import Clip
from narrowcast_lab.serve_bench_load import DRAIN_S, HEAD_START_S, Outcome, Plan, play
from narrowcast_lab.serve_bench_player import CONNECTED, WARM, Play, expect, player, receive
from narrowcast_shared.operating_point import OperatingPoint

CLIPS = 8
CLIP_S = 10.0

WARM_UP_S = 1.0
"""Played before the measured time: contexts open, SQLite's and the model's buffers are made."""

CONNECT_S = 60.0
"""For all to connect: a decoder on a busy machine takes a hundred and more in a second."""

Tell = Callable[[str], None]


class Request(NamedTuple):
    """What is to be measured. `subscribers` are dealt out over the streams."""

    streams: int
    subscribers: int
    seconds: float
    point: OperatingPoint
    model: str


class Usage(NamedTuple):
    """What the service has used since its start, by its own metrics.

    cpu_s: of its reading processes, too. resident_bytes: of its own process; None where the system
    does not tell.
    """

    cpu_s: float
    resident_bytes: int | None
    frames: float
    batches: float


class Figures(NamedTuple):
    """Of one run. Times of the service alone, per frame."""

    streams: int
    fps: float
    seconds: float
    px: int
    qp: int
    frames_per_message: int
    subscribers: int
    model: str
    unit_bytes: float
    frames: int
    cpu_ms_per_frame: float
    cores: float
    frames_per_batch: float
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    latency_ms_p99: float | None
    samples_lost: int
    samples_missed: int
    memory_kb_per_session: float | None
    load_cpu_ms_per_frame: float
    load_late_ms_p99: float | None


def make_clips(request: Request) -> list[Clip]:
    """The clips that a load plays, to be made once for many runs."""
    point = request.point
    return serve_bench_clips.make(point.rung, point.fps, CLIPS, round(CLIP_S * point.fps) or 1)


def measure(request: Request, clips: list[Clip], tell: Tell) -> Figures:
    """One run against a decoder of its own. Raises LinkError where it cannot be made."""
    with decoder(request.model, tell) as url:
        plan = make_plan(request, clips, url)
        with playing(plan, partial(play, plan), tell) as (idle, load):
            tell(f"playing {request.seconds:g} s")
            time.sleep(HEAD_START_S + WARM_UP_S)
            before = usage(url)
            time.sleep(request.seconds)
            after = usage(url)
            tell("waiting for the last samples")
            outcome = receive(load, WARM_UP_S + 2 * DRAIN_S)
        assert isinstance(outcome, Outcome)
        read = sum(by_status["ok"] for by_status in stored(url, plan.prefix))
    return _figures(request, plan, (idle, before, after), outcome, read)


@contextmanager
def decoder(model: str, tell: Tell) -> Iterator[str]:
    """A decoder whose store is thrown away; yields its URL."""
    with tempfile.TemporaryDirectory(prefix="narrowcast-") as name:
        tell("starting a decoder")
        with processes.decoder(Path(name), "--model", model) as url:
            yield url


@contextmanager
def playing(plan: Plan, load: Play, tell: Tell) -> Iterator[tuple[Usage, Connection]]:
    """A load that is connected, in its process, behind a warm-up.

    Yields what the decoder had used before anybody connected, and the load's connection.
    """
    with player(_warm_up_plan(plan), load) as connection:
        expect(connection, WARM, CONNECT_S)
        idle = usage(plan.url)
        tell(f"connecting {plan.streams} streams and {plan.subscribers} subscribers")
        connection.send(WARM)
        expect(connection, CONNECTED, CONNECT_S)
        yield idle, connection


def make_plan(request: Request, clips: list[Clip], url: str) -> Plan:
    """All streams at once, a second longer than what is measured."""
    point = request.point
    warm_up = round(WARM_UP_S * point.fps)
    return Plan(
        url=url,
        prefix="load",
        rung=point.rung,
        clips=clips,
        streams=request.streams,
        subscribers=request.subscribers,
        fps=point.fps,
        frames=warm_up + max(1, round(request.seconds * point.fps)),
        warm_up=warm_up,
        frames_per_message=point.frames_per_message,
    )


def _warm_up_plan(plan: Plan) -> Plan:
    """Two full batches: what the network allocates for them belongs to no session."""
    return plan._replace(
        prefix=f"warm-up-{plan.prefix}",
        streams=1,
        subscribers=1,
        fps=120.0,
        frames=128,
        frames_per_message=64,
    )


def usage(url: str) -> Usage:
    """What the decoder at `url` has used."""
    totals: dict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(processes.get_text(f"{url}/metrics")):
        for sample in family.samples:
            totals[sample.name] += sample.value
    resident_bytes = totals.get("process_resident_memory_bytes")
    return Usage(
        cpu_s=totals["process_cpu_seconds_total"] + totals["narrowcast_reading_cpu_seconds_total"],
        resident_bytes=None if resident_bytes is None else int(resident_bytes),
        frames=totals["narrowcast_samples_total"],
        batches=totals["narrowcast_batch_frames_count"],
    )


def stored(url: str, prefix: str) -> list[dict[str, int]]:
    """By status, how many samples each session of a load has in the store."""
    listed = processes.get_json(f"{url}/v1/sessions?limit=10000")["sessions"]
    assert isinstance(listed, list)
    return [each["by_status"] for each in listed if each["session"].startswith(f"{prefix}-")]


def _figures(
    request: Request, plan: Plan, used: tuple[Usage, Usage, Usage], outcome: Outcome, read: int
) -> Figures:
    idle, before, after = used
    frames = max(1, round(after.frames - before.frames))
    cpu_s = after.cpu_s - before.cpu_s
    p50, p95, p99 = percentiles(outcome.latency_ms)
    return Figures(
        streams=plan.streams,
        fps=plan.fps,
        seconds=request.seconds,
        px=plan.rung.px,
        qp=plan.rung.qp,
        frames_per_message=plan.frames_per_message,
        subscribers=plan.subscribers,
        model=Path(request.model).stem,
        unit_bytes=round(serve_bench_clips.mean_bytes(plan.clips), 1),
        frames=frames,
        cpu_ms_per_frame=round(1000 * cpu_s / frames, 4),
        cores=round(cpu_s / request.seconds, 3),
        frames_per_batch=round(frames / max(1, after.batches - before.batches), 2),
        latency_ms_p50=p50,
        latency_ms_p95=p95,
        latency_ms_p99=p99,
        samples_lost=plan.streams * plan.frames - read,
        samples_missed=outcome.missed,
        memory_kb_per_session=_memory_kb(idle, after, plan.streams),
        load_cpu_ms_per_frame=round(1000 * outcome.cpu_s / max(1, outcome.frames_sent), 4),
        load_late_ms_p99=percentiles(outcome.late_ms)[2],
    )


def percentiles(values: Any) -> tuple[float | None, ...]:  # noqa: ANN401 - array[float]
    """The 50th, 95th and 99th, to a tenth; None each of no values."""
    if not len(values):
        return None, None, None
    return tuple(round(float(value), 1) for value in np.percentile(values, (50, 95, 99)))


def _memory_kb(idle: Usage, loaded: Usage, streams: int) -> float | None:
    if idle.resident_bytes is None or loaded.resident_bytes is None:
        return None
    return round((loaded.resident_bytes - idle.resident_bytes) / 1024 / streams, 1)

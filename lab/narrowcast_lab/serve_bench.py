"""What a decoder costs under load: CPU time by stage, latency, losses, memory. docs/serving.md."""

import multiprocessing
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from narrowcast_lab import processes, serve_bench_clips
from narrowcast_lab.serve_bench_clips import Clip
from narrowcast_lab.serve_bench_load import DRAIN_S, HEAD_START_S, Outcome, Plan
from narrowcast_lab.serve_bench_player import WARM, Failed, play_plans
from narrowcast_shared.errors import LinkError
from narrowcast_shared.operating_point import OperatingPoint

CLIPS = 8
CLIP_S = 10.0

WARM_UP_S = 1.0
"""Played before the measured time: contexts open, SQLite's and torch's buffers are made."""

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
    """What the service has used since its start."""

    cpu_s: float
    resident_bytes: int | None
    frames: int
    batches: int
    stages_cpu_s: dict[str, float]


class Figures(NamedTuple):
    """Of one run. Times of the service alone, per frame; `stages` sum up to the whole."""

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
    stages: dict[str, float]
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
    with tempfile.TemporaryDirectory(prefix="narrowcast-") as name:
        tell("starting a decoder")
        with processes.decoder(Path(name), "--model", request.model) as url:
            plan = _plan(request, clips, url)
            with _player([_warm_up_plan(plan), plan]) as player:
                return _measured(request, plan, player, tell)


def _measured(request: Request, plan: Plan, player: Connection, tell: Tell) -> Figures:
    _expect(player, WARM, CONNECT_S)
    idle = usage(plan.url)
    tell(f"connecting {plan.streams} streams and {plan.subscribers} subscribers")
    player.send(WARM)
    _expect(player, plan.prefix, CONNECT_S)
    tell(f"playing {request.seconds:g} s")
    time.sleep(HEAD_START_S + WARM_UP_S)
    before = usage(plan.url)
    time.sleep(request.seconds)
    after = usage(plan.url)
    tell("waiting for the last samples")
    outcome = _receive(player, WARM_UP_S + 2 * DRAIN_S)
    assert isinstance(outcome, Outcome)
    read = _read_samples(plan)
    return _figures(request, plan, (idle, before, after), outcome, read)


def _plan(request: Request, clips: list[Clip], url: str) -> Plan:
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
        prefix="warm-up", streams=1, subscribers=1, fps=120.0, frames=128, frames_per_message=64
    )


@contextmanager
def _player(plans: list[Plan]) -> Iterator[Connection]:
    """The load, as a process of its own that leaves Ctrl-C to this one."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=play_plans, args=(plans, theirs), daemon=True)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a child inherits what is ignored
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        yield ours
    finally:
        process.kill()
        process.join()


def _expect(player: Connection, word: str, timeout_s: float) -> None:
    said = _receive(player, timeout_s)
    if said != word:
        raise LinkError(f"the load said {said!r} instead of {word!r}")


def _receive(player: Connection, timeout_s: float) -> object:
    try:
        if not player.poll(timeout_s):
            raise LinkError(f"the load has been silent for {timeout_s:g} s")
        said: object = player.recv()
    except (EOFError, OSError):
        raise LinkError("the load has ended early") from None
    if isinstance(said, Failed):
        raise LinkError(said.why)
    return said


def usage(url: str) -> Usage:
    """What the decoder at `url` has used."""
    return Usage(**processes.get_json(f"{url}/debug/stages"))  # type: ignore[arg-type]


def _read_samples(plan: Plan) -> int:
    """How many frames of the load the decoder has read and stored."""
    listed = processes.get_json(f"{plan.url}/v1/sessions?limit=10000")["sessions"]
    assert isinstance(listed, list)
    names = {plan.session(stream) for stream in range(plan.streams)}
    return sum(entry["by_status"]["ok"] for entry in listed if entry["session"] in names)


def _figures(
    request: Request, plan: Plan, used: tuple[Usage, Usage, Usage], outcome: Outcome, read: int
) -> Figures:
    idle, before, after = used
    frames = max(1, after.frames - before.frames)
    cpu_s = after.cpu_s - before.cpu_s
    stages = {name: spent - before.stages_cpu_s[name] for name, spent in after.stages_cpu_s.items()}
    stages["rest"] = cpu_s - sum(stages.values())
    p50, p95, p99 = _percentiles(outcome.latency_ms)
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
        stages={name: round(1000 * spent / frames, 4) for name, spent in stages.items()},
        frames_per_batch=round(frames / max(1, after.batches - before.batches), 2),
        latency_ms_p50=p50,
        latency_ms_p95=p95,
        latency_ms_p99=p99,
        samples_lost=plan.streams * plan.frames - read,
        samples_missed=outcome.missed,
        memory_kb_per_session=_memory_kb(idle, after, plan.streams),
        load_cpu_ms_per_frame=round(1000 * outcome.cpu_s / max(1, outcome.frames_sent), 4),
        load_late_ms_p99=_percentiles(outcome.late_ms)[2],
    )


def _percentiles(values: Any) -> tuple[float | None, ...]:  # noqa: ANN401 - array[float]
    if not len(values):
        return None, None, None
    return tuple(round(float(value), 1) for value in np.percentile(values, (50, 95, 99)))


def _memory_kb(idle: Usage, loaded: Usage, streams: int) -> float | None:
    if idle.resident_bytes is None or loaded.resident_bytes is None:
        return None
    return round((loaded.resident_bytes - idle.resident_bytes) / 1024 / streams, 1)

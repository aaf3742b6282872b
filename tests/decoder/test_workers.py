"""Reading in processes: as in the service itself, and what happens where one of them dies."""

import asyncio
import gc
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.inference.reader import FrameReader, Outcome
from narrowcast_decoder.inference.workers import (
    MAX_DEATHS,
    ModelChoice,
    WorkerProcesses,
    WorkerThread,
)
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.metrics import Metrics
from narrowcast_decoder.preview.contexts import PreviewedContexts
from narrowcast_lab import processes, serve_bench, serve_bench_clips
from narrowcast_lab.serve_bench_load import Plan, play
from narrowcast_models.recogniser import CPU, Precision, Recogniser
from narrowcast_shared.codec import ChipEncoder
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.logs import LogFormat
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.samples import Status
from narrowcast_shared.wire.messages import KeyframeRequest

RUNG = Rung(24, 30)
CHOICE = ModelChoice("oa", Precision.FLOAT32, CPU, 1, LogFormat.TEXT)
Scenario = Callable[[WorkerProcesses], Awaitable[None]]


def moving(count: int, *, keyframe_at: int | None = None) -> list[TakenFrame]:
    """A face that moves; keyframe_at: where the encoder begins anew."""
    encoder, frames = ChipEncoder(RUNG), []
    picture = np.kron(np.arange(36).reshape(6, 6) * 7, np.ones((4, 4)))
    for seq in range(count):
        if seq == keyframe_at:
            encoder = ChipEncoder(RUNG)
        unit = encoder.encode(np.roll(picture, seq, axis=1).astype(np.uint8))
        frames.append(TakenFrame(seq, 1_000_000 + seq, Fate.CODED, 0, 5, RUNG, unit.nals))
    return frames


def run(scenario: Scenario, metrics: Metrics | None = None) -> None:
    async def main() -> None:
        workers = WorkerProcesses(2, CHOICE, metrics or Metrics())
        try:
            async with asyncio.timeout(300):
                await workers.start()
                await scenario(workers)
        finally:
            workers.close()

    asyncio.run(main())


def reading(parent: int | None = None) -> list[psutil.Process]:
    """The reading processes of this process, or of another one."""
    return [
        child
        for child in psutil.Process(parent).children()
        if any("spawn_main" in word for word in child.cmdline())
    ]


def kill(victims: list[psutil.Process]) -> None:
    for each in victims:
        each.kill()
    psutil.wait_procs(victims, 60)


def statuses(outcomes: list[Outcome]) -> list[Status]:
    return [outcome.status for outcome in outcomes]


def test_processes_read_what_the_service_itself_reads() -> None:
    frames = moving(6)
    others = [TakenFrame(6, 0, Fate.NO_FACE, 0), TakenFrame(7, 0, Fate.LOST, 0)]
    shed = frames[3]._replace(fate=Fate.SHED)

    def batches() -> list[list[tuple[RungContexts, TakenFrame]]]:
        """Of three connections, the same to each."""
        connections = [RungContexts(session=name) for name in "abc"]
        rounds = [frames[:3], [shed, *others], frames[4:]]
        return [[(each, frame) for each in connections for frame in part] for part in rounds]

    async def scenario(workers: WorkerProcesses) -> None:
        thread = WorkerThread(FrameReader(Recogniser.load("oa", Precision.FLOAT32)))
        on_thread, in_processes = batches(), batches()
        for one, other in zip(on_thread, in_processes, strict=True):
            expected, got = await thread.read(one), await workers.read(other)
            assert statuses(got) == statuses(expected)
            assert [outcome.frame for outcome in got] == [frame for _, frame in other]
            assert [outcome.reused for outcome in got] == [each.reused for each in expected]
            pairs = [(a.reading, b.reading) for a, b in zip(got, expected, strict=True)]
            assert all((a is None) == (b is None) for a, b in pairs)
            assert np.allclose([a for a, _ in pairs if a], [b for _, b in pairs if b], atol=1e-5)
        thread.close()
        assert not workers.is_failing

    run(scenario)


def test_what_cannot_be_decoded_there_asks_for_a_keyframe_here() -> None:
    async def scenario(workers: WorkerProcesses) -> None:
        contexts, (_, *rest) = RungContexts(late=True), moving(3, keyframe_at=2)
        assert statuses(await workers.read([(contexts, rest[0])])) == [Status.LOST]
        assert contexts.keyframe_wanted == KeyframeRequest(5, late=True)
        assert statuses(await workers.read([(contexts, rest[1])])) == [Status.OK]
        assert contexts.keyframe_wanted is None

    run(scenario)


def test_a_face_that_may_be_seen_comes_back_with_its_frame() -> None:
    async def scenario(workers: WorkerProcesses) -> None:
        contexts, alone, frames = PreviewedContexts(session="cam"), RungContexts(), moving(3)
        await workers.read([(contexts, frame) for frame in frames])
        assert contexts.last is not None
        frame, pixels = contexts.last
        assert frame == frames[2]
        for each in frames:
            expected = alone.decode(each)
        assert np.array_equal(pixels, expected)

    run(scenario)


def test_contexts_of_a_connection_that_is_over_are_let_go_of() -> None:
    async def scenario(workers: WorkerProcesses) -> None:
        (frame,) = moving(1)
        first, second = RungContexts(), RungContexts()
        await workers.read([(first, frame), (second, frame)])
        assert [each.contexts for each in workers._processes] == [1, 1], "dealt out"
        del first
        gc.collect()
        assert sorted(each.contexts for each in workers._processes) == [0, 1]
        third = RungContexts()
        await workers.read([(third, frame)])
        assert [each.contexts for each in workers._processes] == [1, 1]

    run(scenario)


def test_where_a_process_dies_its_frames_are_lost_and_streams_go_on_from_keyframes() -> None:
    metrics = Metrics()

    async def scenario(workers: WorkerProcesses) -> None:
        one, other = RungContexts(session="one"), RungContexts(session="other")
        frames = moving(6, keyframe_at=4)
        await workers.read([(one, frames[0]), (other, frames[0])])
        before = reading()
        assert len(before) == 2
        kill(before[:1])
        outcomes = await workers.read([(one, frames[1]), (other, frames[1])])
        assert sorted(statuses(outcomes)) == [Status.LOST, Status.OK], "the other one goes on"
        hit = one if outcomes[0].status is Status.LOST else other
        assert (
            statuses(await workers.read([(hit, frames[2]), (hit, frames[3])])) == [Status.LOST] * 2
        )
        assert hit.keyframe_wanted == KeyframeRequest(5)
        assert statuses(await workers.read([(hit, frames[4]), (hit, frames[5])])) == [Status.OK] * 2
        assert metrics.reading_restarts == 1
        assert metrics.reading_cpu_s > 0
        assert len(reading()) == 2

    run(scenario, metrics)


def test_a_process_that_dies_again_and_again_is_an_error() -> None:
    async def scenario(workers: WorkerProcesses) -> None:
        contexts, frames = RungContexts(), moving(MAX_DEATHS)
        for frame in frames[:-1]:
            kill(reading())
            await workers.read([(contexts, frame)])
        kill(reading())
        with pytest.raises(SettingsError, match=r"died 3 times .*--workers"):
            await workers.read([(contexts, frames[-1])])

    run(scenario)


def served(url: str, session: str) -> dict[str, int]:
    info: Any = processes.get_json(f"{url}/v1/sessions/{session}")
    by_status: dict[str, int] = info["by_status"]
    return by_status


def test_the_service_reads_in_processes_and_ends_with_them(tmp_path: Path) -> None:
    clips = serve_bench_clips.make(RUNG, 50, 1, 10)
    with processes.decoder(tmp_path, "--workers", "2") as url:
        service = processes.children()[-1]
        children = reading(service.pid)
        assert len(children) == 2
        plan = Plan(url, "all", RUNG, clips, 4, 4, 50, 60, 0, 1)
        outcome = asyncio.run(play(plan, lambda: None))
        assert outcome.missed == outcome.broken == 0
        for stream in range(4):
            by_status = served(url, plan.session(stream))
            assert by_status["ok"] + by_status["skipped"] == 60, "shed where the machine is busy"
        assert serve_bench.usage(url).frames == 240
        service.send_signal(signal.SIGTERM)
        assert service.wait(90) == 0
        psutil.wait_procs(children, 60)
        assert not any(child.is_running() for child in children)
    assert "Traceback" not in (tmp_path / "decoder.log").read_text()


def until_it_reads(url: str) -> None:
    deadline_s = time.monotonic() + 90
    while not serve_bench.usage(url).frames:
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def test_a_process_that_dies_under_load_costs_frames_and_no_stream(tmp_path: Path) -> None:
    clips = serve_bench_clips.make(RUNG, 50, 1, 10)
    with processes.decoder(tmp_path, "--workers", "2") as url:
        service = processes.children()[-1]
        victim = reading(service.pid)[0]
        plan = Plan(url, "all", RUNG, clips, 4, 4, 50, 200, 0, 1)

        async def scenario() -> None:
            playing = asyncio.create_task(play(plan, lambda: None))
            await asyncio.to_thread(until_it_reads, url)
            os.kill(victim.pid, signal.SIGKILL)
            outcome = await playing
            assert outcome.missed == outcome.broken == 0, "every frame has its sample"

        asyncio.run(scenario())
        assert sum(sum(served(url, plan.session(i)).values()) for i in range(4)) == 800
        assert "narrowcast_reading_restarts_total 1.0" in processes.get_text(f"{url}/metrics")
        assert len(reading(service.pid)) == 2


def test_processes_end_where_the_service_is_killed(tmp_path: Path) -> None:
    with processes.decoder(tmp_path, "--workers", "2"):
        service = processes.children()[-1]
        children = reading(service.pid)
        assert len(children) == 2
        service.kill()
        service.wait(60)
        _, alive = psutil.wait_procs(children, 60)
        assert alive == []

"""From taken frames to stored, published samples, with a real store and a tiny network."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from narrowcast_decoder.hub import Hub
from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.inference.reader import FAILING_CHIPS, FrameReader
from narrowcast_decoder.inference.workers import WorkerThread
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.ingest.live import LiveSession
from narrowcast_decoder.metrics import Metrics
from narrowcast_decoder.pipeline import MAX_PENDING, Pipeline
from narrowcast_decoder.service import Service
from narrowcast_decoder.shedding import PATIENCE_US
from narrowcast_decoder.store.interface import StoreBusyError
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser import CodedChip, Reading, Recogniser
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_shared.clock import ManualClock
from narrowcast_shared.codec import ChipEncoder
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.resample import resample
from narrowcast_shared.samples import Sample, Status

RUNG = Rung(24, 30)
Scenario = Callable[[Pipeline, SqliteStore, Hub], Awaitable[None]]


def tiny() -> Recogniser:
    torch.manual_seed(0)
    return TorchRecogniser(OneForAll(OneForAllConfig(widths=(8, 8, 8), blocks=(1, 1, 1))))


def run(
    tmp_path: Path,
    scenario: Scenario,
    recogniser: Recogniser | None = None,
    clock: ManualClock | None = None,
    metrics: Metrics | None = None,
) -> None:
    async def main() -> None:
        store, hub = await SqliteStore.open(tmp_path / "s.sqlite"), Hub()
        workers = WorkerThread(FrameReader(recogniser or tiny()))
        at = clock or ManualClock(unix_us=2_000_000)
        pipeline = Pipeline(workers, store, hub, at, metrics)
        task = asyncio.create_task(pipeline.run())
        try:
            async with asyncio.timeout(90):
                await scenario(pipeline, store, hub)
        finally:
            task.cancel()
            await asyncio.wait({task})
            await store.close()

    asyncio.run(main())


def session(name: str) -> LiveSession:
    return LiveSession(name, 0, 1, 0, None)


def coded(count: int) -> list[TakenFrame]:
    encoder, gray = ChipEncoder(RUNG), torch.arange(96 * 96).reshape(96, 96) % 251
    frames = []
    for seq in range(count):
        image = resample(gray.roll(seq, 1).to(torch.uint8).numpy(), RUNG.px)
        nals = encoder.encode(image).nals
        frames.append(TakenFrame(seq, 1_000_000 + seq, Fate.CODED, 8_000, 0, RUNG, nals))
    return frames


def uncoded(first: int, count: int, fate: Fate = Fate.NO_FACE) -> list[TakenFrame]:
    return [TakenFrame(seq, 1_000_000 + seq, fate, 0) for seq in range(first, first + count)]


def test_streams_of_many_sessions_come_out_complete_and_in_order(tmp_path: Path) -> None:
    async def scenario(pipeline: Pipeline, store: SqliteStore, hub: Hub) -> None:
        sessions = [session(f"s{i}") for i in range(7)]
        frames = coded(20)
        contexts = {live.name: RungContexts() for live in sessions}
        with hub.subscribe("s3") as feed:
            for frame in frames:
                for live in sessions:
                    pipeline.submit(live, contexts[live.name], [frame])
            for live in sessions:
                await live.drained()
            seen: list[Sample] = await feed.take()
        for live in sessions:
            stored = await store.read(live.name)
            assert [s.seq for s in stored] == [s.id - 1 for s in stored] == list(range(20))
            assert {s.status for s in stored} == {Status.OK}
            assert {(s.px, s.qp, s.wire_bps) for s in stored} == {(24, 30, 8_000)}
            assert live.stored_seq == 20
        readings = {tuple(s.valence for s in await store.read(live.name)) for live in sessions}
        assert len(readings) == 1, "the same frames read the same in whatever batch"
        assert seen == await store.read("s3")
        assert seen[0].latency_ms == 1000.0

    run(tmp_path, scenario)


def test_fates_become_statuses(tmp_path: Path) -> None:
    async def scenario(pipeline: Pipeline, store: SqliteStore, _: Hub) -> None:
        live, contexts = session("s"), RungContexts()
        for seq, fate in enumerate((Fate.NO_FACE, Fate.SKIPPED, Fate.LOST)):
            pipeline.submit(live, contexts, uncoded(seq, 1, fate))
        await live.drained()
        statuses = [s.status for s in await store.read("s")]
        assert statuses == [Status.NO_FACE, Status.SKIPPED, Status.LOST]

    run(tmp_path, scenario)


def test_a_session_that_runs_ahead_has_to_wait_and_another_does_not(tmp_path: Path) -> None:
    async def scenario(pipeline: Pipeline, store: SqliteStore, _: Hub) -> None:
        greedy, modest, contexts = session("greedy"), session("modest"), RungContexts()
        pipeline.submit(greedy, contexts, uncoded(0, MAX_PENDING))
        waiting = asyncio.create_task(pipeline.room(greedy))
        await asyncio.sleep(0)
        assert not waiting.done()
        await pipeline.room(modest)
        await waiting
        assert greedy.pending < MAX_PENDING
        await greedy.drained()
        assert len(await store.read("greedy")) == MAX_PENDING

    run(tmp_path, scenario)


class FailingRecogniser(TorchRecogniser):
    """Fails while it is told to, as a GPU without memory does."""

    def __init__(self) -> None:
        super().__init__(OneForAll(OneForAllConfig(widths=(8, 8, 8), blocks=(1, 1, 1))))
        self.fails = False

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        if self.fails:
            raise RuntimeError("out of memory")
        return super().read(chips)


def test_a_network_that_fails_loses_its_batch_and_no_more(tmp_path: Path) -> None:
    recogniser = FailingRecogniser()

    async def scenario(pipeline: Pipeline, store: SqliteStore, _: Hub) -> None:
        live, contexts = session("s"), RungContexts()
        for frame in coded(3):
            recogniser.fails = frame.seq == 1
            pipeline.submit(live, contexts, [frame])
            await live.drained()
        statuses = [s.status for s in await store.read("s")]
        assert statuses == [Status.OK, Status.LOST, Status.OK]

    run(tmp_path, scenario, recogniser)


class Broken(TorchRecogniser):
    """Fails until it is mended."""

    def __init__(self) -> None:
        super().__init__(OneForAll(OneForAllConfig(widths=(8, 8, 8), blocks=(1, 1, 1))))
        self.mended = False

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        if chips and not self.mended:
            raise RuntimeError("no such device")
        return super().read(chips)


def test_a_network_that_fails_on_every_chip_is_said_to_and_may_come_back() -> None:
    recogniser, contexts = Broken(), RungContexts()
    reader = FrameReader(recogniser)
    frames = coded(FAILING_CHIPS + 1)
    for frame in frames[: FAILING_CHIPS - 1]:
        reader.read([(contexts, frame)])
    assert not reader.is_failing
    reader.read([(contexts, frames[-2])])
    assert reader.is_failing
    recogniser.mended = True
    assert [outcome.status for outcome in reader.read([(contexts, frames[-1])])] == [Status.OK]
    assert not reader.is_failing


def test_a_store_that_fails_delays_samples_and_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrowcast_decoder.store.health.RETRY_S", 0.01)

    async def scenario(pipeline: Pipeline, store: SqliteStore, hub: Hub) -> None:
        live, append, failures = session("s"), store.append, 3

        async def sometimes(samples: Sequence[Sample], holds: Mapping[str, int]) -> None:
            nonlocal failures
            if failures:
                failures -= 1
                raise StoreBusyError("the disk is full", "make room")
            await append(samples, holds)

        monkeypatch.setattr(store, "append", sometimes)
        with hub.subscribe("s") as feed:
            pipeline.submit(live, RungContexts(), uncoded(0, 5))
            await live.drained()
            assert len(await feed.take()) == 5
        assert failures == 0
        assert [s.seq for s in await store.read("s")] == list(range(5))

    run(tmp_path, scenario)


def test_frames_gather_behind_a_full_round_and_few_do_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrowcast_decoder.pipeline.ROUND_S", 4.0)
    monkeypatch.setattr("narrowcast_decoder.pipeline.PAUSE_PER_FRAME_S", 0.01)
    batches: list[dict[str, int]] = []

    async def scenario(pipeline: Pipeline, store: SqliteStore, _: Hub) -> None:
        append = store.append

        async def noted(samples: Sequence[Sample], holds: Mapping[str, int]) -> None:
            batches.append(dict(Counter(sample.session for sample in samples)))
            await append(samples, holds)

        monkeypatch.setattr(store, "append", noted)
        few, many, other = [session(name) for name in ("few", "many", "other")]
        began_s = asyncio.get_running_loop().time()
        for seq in range(3):
            pipeline.submit(few, RungContexts(), uncoded(seq, 1))
            await few.drained()
        assert asyncio.get_running_loop().time() - began_s < 3.9, "nothing to wait for"
        assert batches == [{"few": 1}] * 3
        pipeline.submit(many, RungContexts(), uncoded(0, 400))  # as good as 4 s
        await many.drained()
        for live in (other, few):
            pipeline.submit(live, RungContexts(), uncoded(live.next_seq, 1))
            await asyncio.sleep(0.05)
        await few.drained()
        assert batches[3:] == [{"many": 400}, {"other": 1, "few": 1}]

    run(tmp_path, scenario)


def test_a_conflict_costs_its_own_session_and_no_other(tmp_path: Path) -> None:
    async def scenario(pipeline: Pipeline, store: SqliteStore, _: Hub) -> None:
        good, bad = session("good"), session("bad")
        pipeline.submit(bad, RungContexts(), uncoded(0, 1))
        await bad.drained()
        bad.next_id = 1  # as where somebody else had written its second sample
        bad.next_seq = 0
        for live in (bad, good):
            pipeline.submit(live, RungContexts(), uncoded(0, 3, Fate.SKIPPED))
        await good.drained()
        await bad.over.wait()
        assert bad.verdict is not None
        assert "another sample of id 1" in bad.verdict.reason
        assert len(await store.read("good")) == 3
        assert len(await store.read("bad")) == 1
        assert good.verdict is None
        pipeline.submit(bad, RungContexts(), uncoded(3, 1))
        pipeline.submit(good, RungContexts(), uncoded(3, 1))
        await good.drained()
        assert len(await store.read("good")) == 4

    run(tmp_path, scenario)


class SlowRecogniser(TorchRecogniser):
    """Takes 10 ms a chip, by a clock that others wait by."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(OneForAll(OneForAllConfig(widths=(8, 8, 8), blocks=(1, 1, 1))))
        self._clock = clock

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        self._clock.advance(10_000 * len(chips))
        return super().read(chips)


def test_what_cannot_be_read_in_time_is_told_as_skipped_and_decoded_all_the_same(
    tmp_path: Path,
) -> None:
    clock, metrics = ManualClock(), Metrics()

    async def scenario(pipeline: Pipeline, store: SqliteStore, _: Hub) -> None:
        lives = [session(f"s{i}") for i in range(4)]
        contexts = {live.name: RungContexts() for live in lives}
        frames = coded(60)

        async def submit(first: int, end: int) -> None:
            came_us = clock.monotonic_us()
            clock.advance(10 * PATIENCE_US)
            for live in lives:
                pipeline.submit(live, contexts[live.name], frames[first:end], came_us)
            for live in lives:
                await live.drained()

        await submit(0, 10)  # 40 chips, from which the pace is known: a round has room for 64
        await submit(10, 50)
        await submit(50, 60)  # pressure is gone
        for live in lives:
            stored = await store.read(live.name)
            assert [s.seq for s in stored] == list(range(60))
            read = [s.seq for s in stored if s.status is Status.OK]
            assert read == [*range(10), *range(34, 60)], "the newest are read"
            assert {s.status for s in stored} == {Status.OK, Status.SKIPPED}
            assert {s.px for s in stored if s.status is Status.SKIPPED} == {None}
            assert contexts[live.name].keyframe_wanted is None
        assert metrics.frames_shed == metrics.samples["skipped"] == 4 * 24

    run(tmp_path, scenario, SlowRecogniser(clock), clock, metrics)


def test_frames_that_show_the_picture_before_them_are_counted(tmp_path: Path) -> None:
    """A face at rest: every frame has its sample, and few of them are read."""
    encoder, metrics = ChipEncoder(RUNG), Metrics()
    image = np.kron(np.arange(64, dtype=np.uint8).reshape(8, 8) * 3, np.ones((4, 4), np.uint8))
    nals = [encoder.encode(resample(image, RUNG.px)).nals for _ in range(40)]
    frames = [
        TakenFrame(seq, 1_000_000 + seq, Fate.CODED, 8_000, 0, RUNG, each)
        for seq, each in enumerate(nals)
    ]

    async def scenario(pipeline: Pipeline, store: SqliteStore, _: Hub) -> None:
        live, contexts = session("s"), RungContexts()
        for frame in frames:
            pipeline.submit(live, contexts, [frame])
        await live.drained()
        samples = await store.read("s")
        assert [sample.status for sample in samples] == [Status.OK] * 40
        kinds = len({sample.valence for sample in samples})
        assert metrics.frames_reused == 40 - kinds > 0
        page, _ = Service(store, Hub(), set[str], model="oa", metrics=metrics).metrics_page.render(
            None
        )
        assert f"narrowcast_frames_reused_total {float(metrics.frames_reused)}" in page.decode()

    run(tmp_path, scenario, metrics=metrics)

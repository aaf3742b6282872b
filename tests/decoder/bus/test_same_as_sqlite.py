"""Whatever is asked of both stores, they answer the same."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narrowcast_decoder.bus.address import parse_bus
from narrowcast_decoder.bus.valkey_store import ValkeyStore
from narrowcast_decoder.store.interface import SampleStore, SeriesConflictError
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_lab.bus_server import BusServer
from narrowcast_shared.clock import ManualClock
from narrowcast_shared.samples import Sample, Status

Step = Callable[[SampleStore], Awaitable[object]]

_seqs = st.lists(st.integers(0, 40), min_size=1, max_size=8)
appends = st.tuples(st.just("append"), st.sampled_from("ab"), _seqs, st.integers(-3, 1))
trims = st.tuples(st.just("trim"), st.sampled_from("ab"), st.integers(1, 30), st.just(0))
others = st.tuples(
    st.sampled_from(["delete", "start", "end"]), st.sampled_from("ab"), st.just(0), st.just(0)
)


def made(session: str, sample_id: int, seq: int) -> Sample:
    status = list(Status)[seq % 4]
    return Sample(id=sample_id, session=session, seq=seq, t=seq / 7, status=status)  # type: ignore[call-arg]


quick = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Script:
    """One made-up life of two sessions, in the same words for any store."""

    def __init__(self, steps: list[tuple[str, str, object, int]]) -> None:
        self._steps = steps

    async def play(self, store: SampleStore) -> list[object]:
        self._base = {"a": 0, "b": 0}
        return [await self._step(store, *step) for step in self._steps]

    async def _step(
        self, store: SampleStore, what: str, session: str, how: object, by: int
    ) -> object:
        match what, how:
            case "append", list(seqs):
                summary = await store.summary(session)
                first_id = max(1, (0 if summary is None else summary.last_id) + 1 + by)
                samples = [
                    made(session, first_id + index, self._base[session] + seq)
                    for index, seq in enumerate(seqs)
                ]
                try:
                    await store.append(samples)
                except SeriesConflictError as error:
                    return str(error)
            case "trim", int(before_id):
                self._base[session] += 100  # frames that were deleted may not come again
                return await store.trim(session, before_id)
            case "delete", _:
                return await store.delete(session)
            case "start", _:
                await store.note_started(session, 5.0)
            case "end", _ if await store.summary(session):
                await store.note_ended(session, 6.0, "finished")
        return None


async def picture(store: SampleStore) -> list[object]:
    """All that can be read of it."""
    found: list[object] = [await store.summaries(), await store.oldest()]
    found.append((await store.usage()).samples)
    for session in "ab":
        found.append(await store.read(session))
        found += [
            await store.span(session, *limits) for limits in ((0.0, 9.0), (1.0, 2.0), (3.0, 3.2))
        ]
    return found


@quick
@given(st.lists(st.one_of(appends, appends, appends, trims, others), max_size=12))
def test_both_stores_answer_the_same(
    server: BusServer, steps: list[tuple[str, str, object, int]]
) -> None:
    async def scenario(folder: Path) -> None:
        server.clear()
        clock = ManualClock(0, 7_000_000)
        bus = await ValkeyStore.open(parse_bus(server.url), clock=clock)
        file = await SqliteStore.open(folder / "s.sqlite", clock=clock)
        try:
            script = Script(steps)
            assert await script.play(bus) == await script.play(file)
            assert await picture(bus) == await picture(file)
        finally:
            await bus.close()
            await file.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(scenario(Path(folder)))


@given(st.permutations(range(25)))
@quick
def test_gaps_are_found_the_same_in_whatever_order_frames_come(
    server: BusServer, seqs: list[int]
) -> None:
    async def scenario(folder: Path) -> None:
        server.clear()
        bus = await ValkeyStore.open(parse_bus(server.url))
        file = await SqliteStore.open(folder / "s.sqlite")
        try:
            for sample_id, seq in enumerate(seqs, start=1):
                for store in (bus, file):
                    await store.append([made("a", sample_id, seq)])
                if sample_id % 5 == 0:
                    for missing in (1, 4, 99):
                        assert await bus.gaps("a", missing) == await file.gaps("a", missing)
        finally:
            await bus.close()
            await file.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(scenario(Path(folder)))

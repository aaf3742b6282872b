"""Following a series: every sample once and in order, whatever the timing."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrowcast_decoder import series as series_
from narrowcast_decoder.hub import Hub
from narrowcast_decoder.series import Follower, Phase
from narrowcast_decoder.store.interface import DEFAULT_PAGE, SessionSummary
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_shared.errors import UnknownSessionError
from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]


class Turns(NamedTuple):
    """How often a party lets the others go first, each time it could."""

    turns: list[int]

    async def rest(self, step: int) -> None:
        for _ in range(self.turns[step % len(self.turns)]):
            await asyncio.sleep(0)


class UnevenStore(SqliteStore):
    """A real store whose reads take a turn more or less, before and after."""

    pauses = Turns([0])
    step = 0

    async def read(
        self, session: str, after_id: int = 0, limit: int = DEFAULT_PAGE
    ) -> list[Sample]:
        self.step += 2
        await self.pauses.rest(self.step)
        samples = await super().read(session, after_id, limit)
        await self.pauses.rest(self.step + 1)
        return samples

    async def summary(self, session: str) -> SessionSummary | None:
        summary = await super().summary(session)
        await self.pauses.rest(self.step)
        return summary


async def with_store(test: Callable[[UnevenStore], Awaitable[None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = await UnevenStore.open(Path(folder) / "series.sqlite")
        try:
            await test(store)
        finally:
            await store.close()


turns = st.lists(st.integers(0, 6), min_size=1, max_size=8).map(Turns)


class Plan(NamedTuple):
    """One run: what is there before, what is published while others read, and who rests when."""

    stored: int
    batches: list[int]
    after_ids: list[int]
    queue_samples: int
    publisher: Turns
    readers: Turns
    store: Turns
    repeat_in_hub: bool


plans = st.builds(
    Plan,
    stored=st.integers(1, 12),
    batches=st.lists(st.integers(1, 5), max_size=12),
    after_ids=st.lists(st.integers(0, 20), min_size=1, max_size=3),
    queue_samples=st.integers(1, 10),
    publisher=turns,
    readers=turns,
    store=turns,
    repeat_in_hub=st.booleans(),
)


async def publish(store: SqliteStore, hub: Hub, plan: Plan, made: list[Sample]) -> None:
    """Store first, then hub; at times the hub is told of samples a second time."""
    first = plan.stored
    for step, count in enumerate(plan.batches):
        batch = made[first : first + count]
        first += count
        await store.append(batch)
        await plan.publisher.rest(2 * step)
        hub.publish(batch)
        if plan.repeat_in_hub:
            hub.publish(batch)
        await plan.publisher.rest(2 * step + 1)
    await store.note_ended("a", 1.0, "finished")
    hub.end("a")


async def collect(store: SqliteStore, hub: Hub, plan: Plan, after_id: int) -> list[Sample]:
    seen: list[Sample] = []
    with Follower(store, hub, "a", after_id) as follower:
        while page := await follower.next_page():
            for sample in page:
                seen.append(sample)
                await plan.readers.rest(len(seen))
    return seen


@settings(max_examples=120, deadline=None)
@given(plan=plans)
def test_followers_get_every_sample_once_and_in_order(plan: Plan, series: Series) -> None:

    async def test(store: UnevenStore) -> None:
        made = series("a", plan.stored + sum(plan.batches))
        hub = Hub(plan.queue_samples)
        store.pauses = plan.store
        await store.append(made[: plan.stored])

        _, *seen = await asyncio.gather(
            publish(store, hub, plan, made),
            *(collect(store, hub, plan, after_id) for after_id in plan.after_ids),
        )

        assert seen == [made[after_id:] for after_id in plan.after_ids]
        assert len(hub) == 0

    asyncio.run(with_store(test))


@settings(max_examples=40, deadline=None)
@given(plan=plans)
def test_a_follower_that_comes_back_after_the_hub_closed_misses_nothing(
    plan: Plan, series: Series
) -> None:
    """1. The hub closes in mid-publication. 2. The rest is stored. 3. Another hub, resumed."""

    async def test(store: UnevenStore) -> None:
        made = series("a", plan.stored + sum(plan.batches))
        store.pauses = plan.store
        await store.append(made[: plan.stored])
        hub = Hub(plan.queue_samples)

        async def close_soon() -> None:
            await plan.readers.rest(0)
            hub.close()

        _, first, _ = await asyncio.gather(
            publish(store, hub, plan, made), collect(store, hub, plan, 0), close_soon()
        )
        assert first == made[: len(first)]
        rest = await collect(store, Hub(), plan, len(first))
        assert first + rest == made

    asyncio.run(with_store(test))


def test_a_long_replay_overtakes_a_queue_that_overflows_meanwhile(series: Series) -> None:
    async def test(store: UnevenStore) -> None:
        made = series("a", 3000)
        await store.append(made[:2000])
        hub = Hub(queue_samples=10)

        async def publish_much() -> None:
            for first in range(2000, 3000, 50):
                await store.append(made[first : first + 50])
                hub.publish(made[first : first + 50])
            await store.note_ended("a", 1.0, "finished")
            hub.end("a")

        plan = Plan(2000, [], [0], 10, Turns([0]), Turns([0]), Turns([0]), repeat_in_hub=False)
        _, seen = await asyncio.gather(publish_much(), collect(store, hub, plan, 0))
        assert seen == made

    asyncio.run(with_store(test))


def test_what_the_hub_left_out_is_read_from_the_store(series: Series) -> None:
    async def test(store: UnevenStore) -> None:
        await store.append(series("a", 1))
        hub = Hub()
        with Follower(store, hub, "a") as follower:
            assert await follower.next_page() == series("a", 1)
            await store.append(series("a", 2, first_id=2))
            hub.publish(series("a", 1, first_id=3))

            assert await follower.next_page() == series("a", 2, first_id=2)

    asyncio.run(with_store(test))


def test_an_idle_follower_says_so_and_goes_on(series: Series) -> None:
    async def test(store: UnevenStore) -> None:
        await store.note_started("a", 1.0)
        hub = Hub()
        with Follower(store, hub, "a") as follower:
            assert await follower.next_page(idle_s=0.01) == []
            assert not follower.is_over
            await store.append(series("a", 1))
            hub.publish(series("a", 1))
            assert await follower.next_page(idle_s=0.01) == series("a", 1)
            hub.close()
            assert await follower.next_page() == []
            assert follower.is_over
            assert not follower.session_ended

    asyncio.run(with_store(test))


def test_an_unknown_session_is_an_error_unless_it_is_waited_for(series: Series) -> None:
    async def test(store: UnevenStore) -> None:
        hub = Hub()
        with (
            Follower(store, hub, "a") as follower,
            pytest.raises(UnknownSessionError, match="no session 'a'"),
        ):
            await follower.next_page()
        with Follower(store, hub, "a", wait=True) as follower:
            waiting = asyncio.create_task(follower.next_page())
            for _ in range(9000):
                if follower.phase is Phase.LIVE:
                    break
                await asyncio.sleep(0.001)
            await store.append(series("a", 1))
            hub.publish(series("a", 1))
            assert await waiting == series("a", 1)
        assert len(hub) == 0

    asyncio.run(with_store(test))


def test_a_replay_stops_when_the_service_does(series: Series) -> None:
    async def test(store: UnevenStore) -> None:
        await store.append(series("a", 2 * series_.REPLAY_SAMPLES))
        await store.note_ended("a", 1.0, "finished")
        hub = Hub()
        with Follower(store, hub, "a") as follower:
            assert len(await follower.next_page()) == series_.REPLAY_SAMPLES
            hub.close()
            assert await follower.next_page() == []
            assert not follower.session_ended

    asyncio.run(with_store(test))

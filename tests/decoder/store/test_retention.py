"""What is deleted, and in which order, when there is too much or it is too old."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from narrowcast_decoder.hub import Hub
from narrowcast_decoder.series import Follower
from narrowcast_decoder.store.interface import DEFAULT_PAGE, SampleStore
from narrowcast_decoder.store.retention import KEPT_NEWEST, Limits, Retention
from narrowcast_shared.clock import ManualClock, SystemClock
from narrowcast_shared.errors import StoreError
from narrowcast_shared.samples import Sample

OpenStore = Callable[[], Awaitable[SampleStore]]
Series = Callable[..., list[Sample]]
Test = Callable[[SampleStore], Awaitable[None]]

DAY_S = 86_400.0


def run(open_store: OpenStore, test: Test) -> None:
    async def scenario() -> None:
        store = await open_store()
        try:
            await test(store)
        finally:
            await store.close()

    asyncio.run(scenario())


def retention(
    store: SampleStore, limits: Limits, *live: str, later_s: float = 0.0, hub: Hub | None = None
) -> Retention:
    """One whose clock is `later_s` ahead of the store's."""
    clock = ManualClock(0, SystemClock().unix_us() + round(later_s * 1e6))
    return Retention(store, limits, lambda: live, clock, (hub or Hub()).end)


async def counts(store: SampleStore) -> dict[str, int]:
    return {summary.session: summary.samples for summary in await store.summaries()}


def test_nothing_is_deleted_within_the_limits(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        await store.append(series("a", 100))
        await store.note_ended("a", SystemClock().unix_us() / 1e6, "finished")
        await retention(store, Limits(DAY_S, 100, 10**9)).enforce()
        assert await counts(store) == {"a": 100}

    run(open_store, test)


def test_what_was_not_written_to_for_too_long_goes_whole(
    open_store: OpenStore, series: Series
) -> None:
    async def test(store: SampleStore) -> None:
        for session in ("ended", "interrupted", "live"):
            await store.append(series(session, 10))
        await store.note_ended("ended", SystemClock().unix_us() / 1e6, "finished")

        await retention(store, Limits(DAY_S), "live", later_s=DAY_S - 60).enforce()
        assert len(await counts(store)) == 3
        await retention(store, Limits(DAY_S), "live", later_s=DAY_S + 60).enforce()
        assert await counts(store) == {"live": 10}

    run(open_store, test)


def test_a_session_that_goes_on_loses_its_old_beginning(
    open_store: OpenStore, series: Series
) -> None:
    """10,000 samples at 25 fps are 400 s; by the encoder's clock, which is years behind."""

    async def test(store: SampleStore) -> None:
        await store.append(series("live", 10_000))
        await retention(store, Limits(300.0), "live").enforce()
        kept = await store.read("live", limit=10_000)
        assert kept == series("live", 7501, first_id=2500)

        await retention(store, Limits(1.0), "live").enforce()
        assert await counts(store) == {"live": KEPT_NEWEST}

    run(open_store, test)


def test_of_a_session_that_goes_on_what_is_kept_is_not_looked_through(
    open_store: OpenStore, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be a month of samples, and all other reads would wait meanwhile."""

    async def test(store: SampleStore) -> None:
        await store.append(series("live", 10_000))
        read, looked_at = store.read, 0

        async def counted(
            session: str, after_id: int = 0, limit: int = DEFAULT_PAGE
        ) -> list[Sample]:
            nonlocal looked_at
            found = await read(session, after_id, limit)
            looked_at += len(found)
            return found

        monkeypatch.setattr(store, "read", counted)
        monkeypatch.delattr(type(store), "span")
        await retention(store, Limits(380.0), "live").enforce()
        assert await counts(store) == {"live": 9501}
        assert looked_at == 1000

    run(open_store, test)


def test_a_session_that_goes_on_loses_its_beginning_however_many_have_ended(
    open_store: OpenStore, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrowcast_decoder.store.retention.PAGE_SESSIONS", 2)

    async def test(store: SampleStore) -> None:
        for session in ("a", "b", "c", "d"):
            await store.append(series(session, 3))
            await store.note_ended(session, SystemClock().unix_us() / 1e6, "finished")
        await store.append([*series("e", 3), *series("live", 10_000)])
        await retention(store, Limits(300.0), "live").enforce()
        assert (await counts(store))["live"] == 7501

        await retention(store, Limits(samples=KEPT_NEWEST + 3), "live").enforce()
        assert await counts(store) == {"e": 3, "live": KEPT_NEWEST}

    run(open_store, test)


def test_who_follows_what_is_deleted_hears_that_it_is_over(
    open_store: OpenStore, series: Series
) -> None:
    """Else it would wait for the id after its last, and miss those of another of that name."""

    async def test(store: SampleStore) -> None:
        hub = Hub()
        await store.append(series("a", 50))
        with Follower(store, hub, "a") as follower:
            assert await follower.next_page() == series("a", 50)
            await retention(store, Limits(DAY_S), later_s=DAY_S + 60, hub=hub).enforce()
            async with asyncio.timeout(90):
                assert await follower.next_page() == []
            assert follower.is_over
            assert follower.session_ended

    run(open_store, test)


def test_the_oldest_ended_sessions_go_first(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        for session in ("going", "first", "second", "third"):
            await store.append(series(session, 3000))
        for session in ("first", "second", "third"):
            await store.note_ended(session, SystemClock().unix_us() / 1e6, "finished")

        await retention(store, Limits(samples=8000)).enforce()
        assert await counts(store) == {"third": 3000, "going": 3000}

        await retention(store, Limits(samples=2500)).enforce()
        assert await counts(store) == {"going": 2500}
        assert (await store.read("going", limit=1))[0].id == 501

    run(open_store, test)


def test_bytes_are_kept_to_as_well(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        for session in "abcdefgh":
            await store.append(series(session, 2000))
            await store.note_ended(session, SystemClock().unix_us() / 1e6, "finished")
        limit = (await store.usage()).bytes // 2

        await retention(store, Limits(bytes=limit)).enforce()

        assert (await store.usage()).bytes <= limit
        left = "".join(sorted(await counts(store)))
        assert left in {"efgh", "fgh"}

    run(open_store, test)


def test_the_newest_of_a_session_that_goes_on_is_kept_whatever_the_limit(
    open_store: OpenStore, series: Series, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(store: SampleStore) -> None:
        await store.append([*series("a", 3000), *series("b", 100)])
        keeper = retention(store, Limits(samples=1), "a", "b")
        with caplog.at_level(logging.WARNING):
            await keeper.enforce()
            await keeper.enforce()
        assert await counts(store) == {"a": KEPT_NEWEST, "b": 100}
        assert caplog.messages == [
            f"{KEPT_NEWEST + 99} samples over the limit are of sessions that go on"
        ]

    run(open_store, test)


def test_a_session_that_begins_again_meanwhile_is_left_alone(
    open_store: OpenStore, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(store: SampleStore) -> None:
        await store.append(series("a", 10))
        await store.note_ended("a", SystemClock().unix_us() / 1e6, "finished")
        oldest = store.oldest

        async def list_then_start(limit: int, skip: int) -> list[object]:
            listed = await oldest(limit, skip)
            await store.note_started("a", SystemClock().unix_us() / 1e6 + 1)
            return list(listed)

        monkeypatch.setattr(store, "oldest", list_then_start)
        await retention(store, Limits(samples=1)).enforce()
        assert await counts(store) == {"a": 10}

    run(open_store, test)


def test_it_runs_by_itself_and_outlives_a_store_that_fails(
    open_store: OpenStore, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrowcast_decoder.store.retention.PERIOD_S", 0.01)

    async def test(store: SampleStore) -> None:
        await store.append(series("a", 10))
        await store.note_ended("a", SystemClock().unix_us() / 1e6, "finished")
        usage, failures = store.usage, 2

        async def sometimes() -> object:
            nonlocal failures
            if failures:
                failures -= 1
                raise StoreError("the disk is slow")
            return await usage()

        monkeypatch.setattr(store, "usage", sometimes)
        running = asyncio.create_task(retention(store, Limits(samples=1)).run())
        await until_empty(store)
        assert not running.done()
        running.cancel()
        await asyncio.wait({running})

    run(open_store, test)


async def until_empty(store: SampleStore) -> None:
    for _ in range(9000):
        if not await counts(store):
            return
        await asyncio.sleep(0.01)
    pytest.fail("nothing was deleted")

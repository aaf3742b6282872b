"""Who may write to a session, and whether it is live: what every SampleStore promises."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from narrowcast_decoder.store.interface import HoldLostError, SampleStore, SessionState
from narrowcast_shared.samples import Sample

Test = Callable[[SampleStore], Awaitable[None]]
OpenStore = Callable[[], Awaitable[SampleStore]]
Series = Callable[..., list[Sample]]


def run(open_store: OpenStore, test: Test) -> None:
    async def scenario() -> None:
        store = await open_store()
        try:
            await test(store)
        finally:
            await store.close()

    asyncio.run(scenario())


async def state(store: SampleStore, session: str) -> SessionState:
    summary = await store.summary(session)
    assert summary is not None
    assert [each.state for each in await store.summaries()] == [summary.state]
    assert [each.state for each in await store.oldest()] == [summary.state]
    return summary.state


def test_a_new_hold_ends_the_one_before(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        old = await store.note_started("a", 1000.0)
        await store.append(series("a", 3), {"a": old})
        new = await store.note_started("a", 1001.0)

        assert new > old
        for refused in (
            store.append(series("a", 1, first_id=4), {"a": old}),
            store.append(series("a", 3), {"a": old}),  # what it has stored, once more
            store.note_ended("a", 1002.0, "finished", old),
        ):
            with pytest.raises(HoldLostError, match="another connection") as caught:
                await refused
            assert (caught.value.session, caught.value.deleted) == ("a", False)
        await store.append(series("a", 2, first_id=3), {"a": new})
        assert await store.read("a") == series("a", 4)

    run(open_store, test)


def test_a_hold_that_nobody_took_since_is_kept(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        hold = await store.note_started("a", 1000.0)
        assert await store.note_started("a", 1001.0, hold) == hold
        await store.append(series("a", 1), {"a": hold})

        newer = await store.note_started("a", 1002.0, hold - 1)
        assert newer > hold
        assert await store.note_started("a", 1003.0, newer) == newer

    run(open_store, test)


def test_what_comes_by_a_lost_hold_keeps_all_else_from_being_stored(
    open_store: OpenStore, series: Series
) -> None:
    async def test(store: SampleStore) -> None:
        lost = await store.note_started("a", 1000.0)
        await store.note_started("a", 1000.0)
        held = await store.note_started("b", 1000.0)
        mixed = [*series("b", 2), *series("a", 2)]
        with pytest.raises(HoldLostError):
            await store.append(mixed, {"a": lost, "b": held})
        assert await store.read("b") == await store.read("a") == []

    run(open_store, test)


def test_a_hold_does_not_outlive_its_session(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        hold = await store.note_started("a", 1000.0)
        await store.append(series("a", 3), {"a": hold})
        await store.delete("a")

        with pytest.raises(HoldLostError, match="was deleted") as caught:
            await store.append(series("a", 1, first_id=4), {"a": hold})
        assert caught.value.deleted
        with pytest.raises(HoldLostError, match="was deleted"):
            await store.note_ended("a", 1001.0, "finished", hold)
        assert await store.summary("a") is None

        assert await store.note_started("a", 1002.0, hold) > hold
        with pytest.raises(HoldLostError, match="another connection"):
            await store.append(series("a", 1), {"a": hold})

    run(open_store, test)


def test_an_end_may_be_told_twice(open_store: OpenStore, series: Series) -> None:
    """The answer to the first may have been lost."""

    async def test(store: SampleStore) -> None:
        hold = await store.note_started("a", 1000.0)
        await store.append(series("a", 1), {"a": hold})
        for _ in range(2):
            await store.note_ended("a", 1001.0, "finished", hold)
        assert await state(store, "a") is SessionState.ENDED

    run(open_store, test)


def test_a_session_is_live_until_its_publisher_has_gone(open_store: OpenStore) -> None:
    async def test(store: SampleStore) -> None:
        first = await store.note_started("a", 1000.0)
        second = await store.note_started("a", 1001.0)
        await store.note_left("a", first)  # it was replaced long since
        assert await state(store, "a") is SessionState.LIVE
        await store.note_left("a", second)
        assert await state(store, "a") is SessionState.INTERRUPTED
        assert await store.note_started("a", 1002.0, second) == second
        assert await state(store, "a") is SessionState.LIVE
        await store.note_ended("a", 1003.0, "finished", second)
        assert await state(store, "a") is SessionState.ENDED
        await store.note_left("nobody", 1)
        assert await store.summary("nobody") is None

    run(open_store, test)


def test_what_a_publisher_has_left_behind_is_still_stored(
    open_store: OpenStore, series: Series
) -> None:
    async def test(store: SampleStore) -> None:
        hold = await store.note_started("a", 1000.0)
        await store.note_left("a", hold)
        await store.append(series("a", 3), {"a": hold})
        assert await store.read("a") == series("a", 3)

    run(open_store, test)


def test_a_turn_is_taken_again_by_who_has_it(open_store: OpenStore) -> None:
    async def test(store: SampleStore) -> None:
        assert await store.take_turn("tidy", 60.0)
        assert await store.take_turn("tidy", 60.0)
        assert await store.take_turn("sweep", 60.0)

    run(open_store, test)

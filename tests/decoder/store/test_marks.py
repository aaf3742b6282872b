"""What every SampleStore promises of marks, and of the offset of the clocks."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from narrowcast_decoder.bus import valkey_store
from narrowcast_decoder.store import sqlite_marks
from narrowcast_decoder.store.interface import MarksFullError, SampleStore
from narrowcast_shared.errors import UnknownSessionError
from narrowcast_shared.marks import Mark
from narrowcast_shared.samples import Sample

OpenStore = Callable[[], Awaitable[SampleStore]]
Series = Callable[..., list[Sample]]


def run(open_store: OpenStore, *tests: Callable[[SampleStore], Awaitable[None]]) -> None:
    """One test after another, the store opened anew for each."""

    async def scenario() -> None:
        for test in tests:
            store = await open_store()
            try:
                await test(store)
            finally:
                await store.close()

    asyncio.run(scenario())


def test_marks_are_read_in_the_order_in_which_they_were_added(open_store: OpenStore) -> None:
    made = [
        Mark(id=1, t=1700000002.123456, text="Reiz 3: „Ärger“ 😠"),
        Mark(id=2, t=1700000001.0, text='a, "b" [c]'),
        Mark(id=3, t=1e-3, text=" "),
        *(Mark(id=i, t=float(i), text=f"{i}") for i in range(4, 14)),
    ]

    async def write(store: SampleStore) -> None:
        await store.note_started("a", 1700000000.0)
        await store.note_started("b", 1700000000.0)
        assert [await store.add_mark("a", mark.t, mark.text) for mark in made] == made
        assert await store.add_mark("b", 1.0, "elsewhere") == Mark(id=1, t=1.0, text="elsewhere")

    async def read(store: SampleStore) -> None:
        assert await store.marks("a") == made
        assert await store.marks("a", after_id=2) == made[2:]
        assert await store.marks("a", after_id=2, limit=9) == made[2:11]
        assert await store.marks("a", after_id=13) == []
        assert await store.marks("nobody") == []

    run(open_store, write, read)


def test_a_mark_of_no_session_is_refused(open_store: OpenStore) -> None:
    async def test(store: SampleStore) -> None:
        with pytest.raises(UnknownSessionError, match="no session 'nobody' to mark"):
            await store.add_mark("nobody", 1.0, "lost")
        assert await store.summary("nobody") is None

    run(open_store, test)


def test_a_session_has_so_many_marks_and_no_more(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sqlite_marks, valkey_store):
        monkeypatch.setattr(module, "MAX_MARKS", 3)

    async def test(store: SampleStore) -> None:
        await store.note_started("a", 1.0)
        made = [await store.add_mark("a", 1.0, "again") for _ in range(3)]
        with pytest.raises(MarksFullError, match="'a' has 10000 marks"):
            await store.add_mark("a", 1.0, "once too often")
        assert await store.marks("a") == made

    run(open_store, test)


def test_marks_change_nothing_else_of_a_session(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        await store.append(series("a", 3))
        before = await store.summary("a")
        await store.add_mark("a", 1.0, "one")
        assert await store.summary("a") == before

    run(open_store, test)


def test_marks_go_with_their_session(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        for session in "ab":
            await store.append(series(session, 3))
            await store.add_mark(session, 1.0, f"of {session}")
        await store.delete("a")
        assert await store.marks("a") == []
        await store.append(series("a", 1))
        assert await store.marks("a") == []
        assert await store.add_mark("a", 2.0, "anew") == Mark(id=1, t=2.0, text="anew")
        assert await store.marks("b") == [Mark(id=1, t=1.0, text="of b")]

    run(open_store, test)


def test_marks_before_what_is_left_go_with_the_beginning(
    open_store: OpenStore, series: Series
) -> None:
    async def test(store: SampleStore) -> None:
        await store.append(samples := series("a", 30))
        times = [samples[0].t - 9, samples[10].t, samples[20].t, samples[29].t + 9]
        marks = [await store.add_mark("a", t, f"{t}") for t in times]
        await store.trim("a", samples[19].id)
        assert await store.marks("a") == marks[2:]
        await store.trim("a", samples[29].id + 1)
        assert await store.marks("a") == marks[3:]
        assert (await store.add_mark("a", 1.0, "later")).id == 5

    run(open_store, test)


def test_ids_of_marks_that_are_gone_are_not_given_out_again(
    open_store: OpenStore, series: Series
) -> None:
    async def test(store: SampleStore) -> None:
        await store.append(samples := series("a", 30))
        await store.add_mark("a", samples[3].t, "old")
        await store.trim("a", samples[9].id)
        assert await store.marks("a") == []
        assert (await store.add_mark("a", samples[20].t, "new")).id == 2

    run(open_store, test)


def test_the_offset_of_the_clocks_is_kept_with_the_session(open_store: OpenStore) -> None:
    async def write(store: SampleStore) -> None:
        hold = await store.note_started("a", 1.0)
        summary = await store.summary("a")
        assert summary is not None
        assert (summary.clock_offset_ms, summary.clock_error_ms) == (None, None)
        await store.note_clock("a", -12.345, 20.5, hold)
        await store.note_clock("nobody", 1.0, 1.0, hold)
        assert await store.summary("nobody") is None

    async def read(store: SampleStore) -> None:
        summary = await store.summary("a")
        assert summary is not None
        assert (summary.clock_offset_ms, summary.clock_error_ms) == (-12.345, 20.5)
        assert (await store.summaries())[0].clock_offset_ms == -12.345

    run(open_store, write, read)


def test_a_publisher_that_was_replaced_sets_no_clock(open_store: OpenStore) -> None:
    async def test(store: SampleStore) -> None:
        old = await store.note_started("a", 1.0)
        new = await store.note_started("a", 2.0)
        await store.note_clock("a", 5.0, 1.0, new)
        await store.note_clock("a", 9000.0, 1.0, old)
        summary = await store.summary("a")
        assert summary is not None
        assert summary.clock_offset_ms == 5.0

    run(open_store, test)

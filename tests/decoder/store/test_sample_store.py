"""What every SampleStore promises."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from narrowcast_decoder.store.interface import (
    IdSpan,
    SampleStore,
    SeqGap,
    SeriesConflictError,
    SessionState,
)
from narrowcast_shared.errors import StoreError, UnknownSessionError
from narrowcast_shared.model_name import ModelName
from narrowcast_shared.samples import Sample, Status

Test = Callable[[SampleStore], Awaitable[None]]
OpenStore = Callable[..., Awaitable[SampleStore]]
Series = Callable[..., list[Sample]]


def run(open_store: OpenStore, test: Test) -> None:
    async def scenario() -> None:
        store = await open_store()
        try:
            await test(store)
        finally:
            await store.close()

    asyncio.run(scenario())


def test_reads_back_exactly_what_was_appended(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        await store.append(series("a", 300))

        assert await store.read("a") == series("a", 300)

    run(open_store, test)


def test_reads_pages_after_any_id(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        await store.append(series("a", 30))

        assert await store.read("a", after_id=10, limit=5) == series("a", 5, first_id=11)
        assert await store.read("a", after_id=28) == series("a", 2, first_id=29)
        assert await store.read("a", after_id=30) == []
        assert await store.read("nobody") == []

    run(open_store, test)


def test_one_append_may_serve_many_sessions(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        mixed = [
            sample for pair in zip(series("a", 20), series("b", 20), strict=True) for sample in pair
        ]
        await store.append(mixed)

        assert await store.read("a") == series("a", 20)
        assert await store.read("b") == series("b", 20)

    run(open_store, test)


def test_a_repeated_sample_is_stored_once(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        await store.append(series("a", 10))
        await store.append(series("a", 10))
        await store.append(series("a", 10, first_id=5))

        assert await store.read("a") == series("a", 14)
        summary = await store.summary("a")
        assert summary is not None
        assert summary.samples == 14

    run(open_store, test)


def test_a_stored_sample_is_never_changed(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        await store.append(series("a", 3))
        changed = series("a", 3)[1].model_copy(update={"latency_ms": 1.0})

        with pytest.raises(SeriesConflictError, match="another sample of id 2"):
            await store.append([changed, *series("a", 1, first_id=3)])
        assert await store.read("a") == series("a", 3)

    run(open_store, test)


def test_gaps_in_frame_numbers_are_found_from_the_end(
    open_store: OpenStore, series: Series
) -> None:
    async def test(store: SampleStore) -> None:
        numbers = (0, 3, 9, 4, 20)  # in the order in which they came
        samples = [
            sample.model_copy(update={"seq": seq, "t": seq / 10})
            for sample, seq in zip(series("a", 5), numbers, strict=True)
        ]
        await store.append(samples)

        first, second, third = (
            SeqGap(1, 3, 0.0, 0.3),
            SeqGap(5, 9, 0.4, 0.9),
            SeqGap(10, 20, 0.9, 2),
        )
        assert await store.gaps("a", 16) == [first, second, third]
        assert await store.gaps("a", 11) == [second, third]
        assert await store.gaps("a", 10) == [third]
        assert await store.gaps("a", 0) == []
        assert await store.gaps("nobody", 1) == []
        summary = await store.summary("a")
        assert summary is not None
        assert (summary.next_seq, summary.last_id, summary.last_t) == (21, 5, 2.0)

    run(open_store, test)


def test_frames_before_the_first_sample_are_a_gap_as_well(
    open_store: OpenStore, series: Series
) -> None:
    """An encoder that began before its decoder tells of them late, also to another decoder."""

    async def test(store: SampleStore) -> None:
        samples = [
            sample.model_copy(update={"seq": seq, "t": seq / 10})
            for sample, seq in zip(series("a", 4), (7, 8, 0, 1), strict=True)
        ]
        await store.append(samples[:2])
        assert await store.gaps("a", 7) == [SeqGap(0, 7, 0.7, 0.7)]
        await store.append(samples[2:])
        assert await store.gaps("a", 5) == [SeqGap(2, 7, 0.1, 0.7)]

    run(open_store, test)


def test_a_late_sample_does_not_set_the_end_of_a_series_back(
    open_store: OpenStore, series: Series
) -> None:
    async def test(store: SampleStore) -> None:
        first, last, late = series("a", 3)
        await store.append([first, last.model_copy(update={"seq": 9, "t": 9.0})])
        await store.append([late.model_copy(update={"seq": 4, "t": 4.0})])

        summary = await store.summary("a")
        assert summary is not None
        assert (summary.next_seq, summary.last_id, summary.last_t) == (10, 3, 9.0)
        assert [sample.seq for sample in await store.read("a")] == [0, 9, 4]

    run(open_store, test)


def refusals(series: list[Sample]) -> dict[str, tuple[list[Sample], str]]:
    """Samples that do not continue a series of ids 1 to 3, and what the error says."""
    later, next_one = series[4], series[3]
    return {
        "id left out": ([later], "continues with id 4, got 5"),
        "id left out within": ([next_one, series[5]], "continues with id 5, got 6"),
        "order reversed": ([later, next_one], "continues with id 4, got 5"),
        "frame twice": ([next_one.model_copy(update={"seq": 1})], "under another id"),
    }


@pytest.mark.parametrize(
    "case", ["id left out", "id left out within", "order reversed", "frame twice"]
)
def test_an_append_is_stored_whole_or_not_at_all(
    open_store: OpenStore, series: Series, case: str
) -> None:
    async def test(store: SampleStore) -> None:
        await store.append(series("a", 3))
        refused, message = refusals(series("a", 6))[case]

        with pytest.raises(SeriesConflictError, match=message) as conflict:
            await store.append([*series("b", 2), *refused, *series("c", 2)])
        assert conflict.value.session == "a", "the others may go on"

        assert await store.read("a") == series("a", 3)
        assert await store.summary("b") is None
        await store.append([*series("b", 2), *series("a", 1, first_id=4)])
        assert await store.read("a") == series("a", 4)

    run(open_store, test)


def test_a_summary_counts_what_is_stored(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        await store.note_started("a", 1000.0)
        await store.append(series("a", 40))
        await store.append(series("a", 60, first_id=41))

        summary = await store.summary("a")
        assert summary is not None
        assert (summary.session, summary.started_t) == ("a", 1000.0)
        assert summary.last_t == series("a", 100)[-1].t
        assert (summary.samples, summary.last_id, summary.next_seq) == (100, 100, 100)
        assert summary.by_status == Counter(sample.status for sample in series("a", 100))
        assert set(summary.by_status) == set(Status)

    run(open_store, test)


def test_next_seq_is_one_above_the_highest_frame_number(
    open_store: OpenStore, series: Series
) -> None:
    async def test(store: SampleStore) -> None:
        late, early = series("a", 2)
        await store.append([late.model_copy(update={"seq": 90}), early])

        summary = await store.summary("a")
        assert summary is not None
        assert summary.next_seq == 91

    run(open_store, test)


def test_a_session_starts_ends_and_starts_again(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        await store.note_started("a", 1000.0)
        fresh = await store.summary("a")
        await store.append(series("a", 2))
        await store.note_ended("a", 1001.0, "finished")
        ended = await store.summary("a")
        await store.note_started("a", 1002.0)
        again = await store.summary("a")

        assert fresh is not None
        assert (fresh.samples, fresh.last_id, fresh.next_seq, fresh.last_t) == (0, 0, 0, None)
        assert fresh.state is SessionState.LIVE
        assert ended is not None
        assert (ended.state, ended.ended_t, ended.end_reason) == ("ended", 1001.0, "finished")
        assert again is not None
        assert (again.state, again.ended_t, again.end_reason) == ("live", None, None)
        assert (again.started_t, again.samples) == (1000.0, 2)

    run(open_store, test)


def test_only_a_session_can_end(open_store: OpenStore) -> None:
    async def test(store: SampleStore) -> None:
        with pytest.raises(UnknownSessionError, match="nobody"):
            await store.note_ended("nobody", 1.0, "finished")
        assert await store.summary("nobody") is None

    run(open_store, test)


def test_a_series_without_a_publisher_starts_with_its_first_sample(
    open_store: OpenStore, series: Series
) -> None:
    async def test(store: SampleStore) -> None:
        await store.append(series("a", 3))

        summary = await store.summary("a")
        assert summary is not None
        assert summary.started_t == series("a", 1)[0].t

    run(open_store, test)


def test_summaries_come_with_the_newest_activity_first(
    open_store: OpenStore, series: Series
) -> None:
    async def test(store: SampleStore) -> None:
        for session in "abc":
            await store.note_started(session, 1000.0)
        await store.append(series("a", 1))
        await store.note_ended("b", 1001.0, "finished")

        assert [summary.session for summary in await store.summaries()] == ["b", "a", "c"]
        assert [summary.session for summary in await store.summaries(limit=1)] == ["b"]

    run(open_store, test)


def test_the_series_goes_on_after_a_restart(open_store: OpenStore, series: Series) -> None:
    async def scenario() -> None:
        first = await open_store()
        await first.note_started("a", 1000.0)
        await first.append(series("a", 10))
        await first.close()

        second = await open_store()
        await second.append(series("a", 10, first_id=8))
        samples, summary = await second.read("a"), await second.summary("a")
        await second.close()

        assert samples == series("a", 17)
        assert summary is not None
        assert (summary.samples, summary.started_t) == (17, 1000.0)

    asyncio.run(scenario())


def test_a_session_says_which_weights_read_it_last(open_store: OpenStore, series: Series) -> None:
    async def read_with(model: ModelName, first_id: int) -> ModelName:
        store = await open_store(model=model)
        await store.note_started("a", 1000.0)
        await store.append(series("a", 2, first_id=first_id))
        summary = await store.summary("a")
        await store.close()
        assert summary is not None
        return ModelName(name=summary.model, sha256=summary.model_sha256)

    async def scenario() -> None:
        """1. A model. 2. Other weights of that name. 3. Weights that nobody knows."""
        read_by = (
            ModelName(name="oa", sha256="ab" * 32),
            ModelName(name="oa", sha256="cd" * 32),
            ModelName(name="oa"),
        )
        for first_id, model in zip((1, 3, 5), read_by, strict=True):
            assert await read_with(model, first_id) == model
        store = await open_store()
        (listed,) = await store.summaries()
        assert (listed.model, listed.model_sha256) == ("oa", None)
        await store.note_started("a", 1001.0)
        (listed,) = await store.oldest()
        assert (listed.model, listed.model_sha256) == (None, None)
        await store.close()

    asyncio.run(scenario())


def test_an_append_of_nothing_changes_nothing(open_store: OpenStore) -> None:
    async def test(store: SampleStore) -> None:
        await store.append([])
        assert await store.summaries() == []

    run(open_store, test)


def test_readers_see_every_append_that_has_returned(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        for sample in series("a", 40):
            await store.append([sample])
            assert await store.read("a", sample.id - 1) == [sample]

    run(open_store, test)


def test_a_closed_store_says_so(open_store: OpenStore, series: Series) -> None:
    async def scenario() -> None:
        store = await open_store()
        await store.close()
        await store.close()

        with pytest.raises(StoreError, match="is closed"):
            await store.append(series("a", 1))
        with pytest.raises(StoreError, match="is closed"):
            await store.read("a")

    asyncio.run(scenario())


def test_a_span_of_time_is_found_also_where_the_clock_was_set_back(
    open_store: OpenStore, series: Series
) -> None:
    """Capture times 1, 2, ..., 10 s, then again 5, 6, ..., 14 s."""

    async def test(store: SampleStore) -> None:
        times = [*range(1, 11), *range(5, 15)]
        made = [
            sample.model_copy(update={"t": float(t)})
            for sample, t in zip(series("a", 20), times, strict=True)
        ]
        await store.append(made)

        assert await store.span("a", -math.inf, math.inf) == IdSpan(1, 20)
        assert await store.span("a", 2.0, 4.0) == IdSpan(2, 3)
        assert await store.span("a", 5.0, 6.5) == IdSpan(5, 12)
        assert await store.span("a", 14.0, math.inf) == IdSpan(20, 20)
        assert await store.span("a", 14.5, math.inf) is None
        assert await store.span("nobody", -math.inf, math.inf) is None

    run(open_store, test)


def test_a_trimmed_series_begins_later_and_goes_on(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        await store.append([*series("a", 2500), *series("b", 5)])

        assert await store.trim("a", 2401) == 2400
        assert await store.trim("a", 2401) == await store.trim("nobody", 9) == 0

        assert await store.read("a") == series("a", 100, first_id=2401)
        assert await store.read("b") == series("b", 5)
        summary = await store.summary("a")
        assert summary is not None
        assert (summary.samples, summary.first_id, summary.last_id) == (100, 2401, 2500)
        assert (summary.first_t, summary.next_seq) == (series("a", 1, first_id=2401)[0].t, 2500)
        assert summary.by_status == Counter(s.status for s in series("a", 100, first_id=2401))
        # Sent again, or new: both fit.
        await store.append(series("a", 110, first_id=2395))
        assert await store.read("a") == series("a", 104, first_id=2401)

    run(open_store, test)


def test_a_series_trimmed_to_nothing_goes_on(open_store: OpenStore, series: Series) -> None:
    async def test(store: SampleStore) -> None:
        await store.append(series("a", 5))
        await store.trim("a", 6)
        empty = await store.summary("a")
        await store.append(series("a", 1, first_id=6))
        again = await store.summary("a")

        assert empty is not None
        assert (empty.samples, empty.first_id, empty.first_t, empty.next_seq) == (0, 0, None, 5)
        assert again is not None
        assert (again.samples, again.first_id) == (1, 6)

    run(open_store, test)


def test_a_deleted_session_is_gone_and_its_name_is_free(
    open_store: OpenStore, series: Series
) -> None:
    async def test(store: SampleStore) -> None:
        await store.append([*series("a", 2500), *series("b", 5)])
        whole = await store.usage()

        assert await store.delete("a")
        assert not await store.delete("a")

        assert await store.read("a") == []
        assert await store.summary("a") is None
        assert [summary.session for summary in await store.summaries()] == ["b"]
        left = await store.usage()
        assert (whole.samples, left.samples) == (2505, 5)
        assert 0 < left.bytes < whole.bytes
        with pytest.raises(SeriesConflictError, match="continues with id 1, got 2501"):
            await store.append(series("a", 1, first_id=2501))
        await store.append(series("a", 3))
        assert await store.read("a") == series("a", 3)
        assert await store.read("b") == series("b", 5)

    run(open_store, test)


def test_a_session_that_was_written_to_meanwhile_is_not_deleted(
    open_store: OpenStore, series: Series
) -> None:
    async def test(store: SampleStore) -> None:
        await store.note_started("a", 1000.0)
        await store.note_ended("a", 1001.0, "finished")

        assert not await store.delete("a", written_before=1001.0)
        await store.note_started("a", 1002.0)
        assert not await store.delete("a", written_before=1002.0)
        await store.append(series("a", 1))
        assert not await store.delete("a", written_before=time.time() - 3600)
        assert await store.read("a") == series("a", 1)
        assert await store.delete("a", written_before=time.time() + 3600)

    run(open_store, test)


def test_the_oldest_are_first_those_that_have_ended(open_store: OpenStore) -> None:
    async def test(store: SampleStore) -> None:
        for session in "abcd":
            await store.note_started(session, 1000.0)
        for session in "ca":
            await store.note_ended(session, 1001.0, "finished")

        assert [summary.session for summary in await store.oldest()] == ["c", "a", "b", "d"]
        assert [summary.session for summary in await store.oldest(limit=1)] == ["c"]

    run(open_store, test)


def test_appends_go_on_while_a_long_session_is_deleted(
    open_store: OpenStore, series: Series
) -> None:
    """Or it takes no time at all: then there is nothing to wait for."""

    async def test(store: SampleStore) -> None:
        await store.append(series("a", 8000))
        began_s = time.monotonic()
        deleting = asyncio.create_task(store.delete("a"))
        between = 0
        for sample in series("b", 1000):
            if deleting.done():
                break
            await store.append([sample])
            between += not deleting.done()
        assert await deleting
        assert between >= 2 or time.monotonic() - began_s < 2

    run(open_store, test)


def test_a_check_for_writing_leaves_everything_as_it_was(
    open_store: OpenStore, series: Series
) -> None:
    async def test(store: SampleStore) -> None:
        await store.append(series("a", 10))
        before = await store.summaries()
        for _ in range(3):
            await store.check_writable()
        assert await store.summaries() == before
        await store.close()
        with pytest.raises(StoreError):
            await store.check_writable()

    run(open_store, test)

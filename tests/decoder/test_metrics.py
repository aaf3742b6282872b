"""Totals and histograms, counted without a service around them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.metrics import BATCH_BOUNDS_FRAMES, Histogram, Metrics, StoreFailure
from narrowcast_decoder.store.interface import SeriesConflictError, StoreBusyError
from narrowcast_shared.errors import StoreError
from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]


@given(st.lists(st.integers(0, 3000)))
def test_a_histogram_counts_what_is_at_most_each_bound(values: list[int]) -> None:
    histogram = Histogram(BATCH_BOUNDS_FRAMES)
    for value in values:
        histogram.observe(value)
    told = histogram.cumulative()
    assert told[:-1] == [sum(v <= bound for v in values) for bound in BATCH_BOUNDS_FRAMES]
    assert told[-1] == len(values)
    assert histogram.sum == sum(values)


def test_a_message_is_billed_with_its_headers() -> None:
    metrics = Metrics()
    metrics.message(20)
    metrics.message(200)
    assert (metrics.messages, metrics.wire_bytes) == (2, 78 + 260)


def test_late_frames_are_those_of_late_messages_and_not_what_is_lost_before_them() -> None:
    metrics = Metrics()
    lost = TakenFrame(0, 0, Fate.LOST, 0)
    late = TakenFrame(1, 0, Fate.NO_FACE, 0, late=True)
    metrics.taken([lost, late, late])
    metrics.taken([lost])
    assert (metrics.frames_received, metrics.frames_late) == (4, 2)


def test_latency_is_that_of_readings(series: Series) -> None:
    metrics = Metrics()
    samples = series("s", 4, first_id=5)  # two ok, one without a face, one skipped
    metrics.published(samples, [0, 900_000, 500_000, 500_000], 1_000_000)
    assert metrics.samples == {"ok": 2, "no_face": 1, "skipped": 1, "lost": 0}
    assert metrics.latency.sum == pytest.approx(1.1)
    assert metrics.latency.cumulative()[-1] == 2


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StoreBusyError("locked"), "busy"),
        (SeriesConflictError("s", "another sample"), "conflict"),
        (StoreError("deleted"), "failed"),
    ],
)
def test_failures_of_the_store_have_three_kinds(error: StoreError, kind: str) -> None:
    assert StoreFailure.of(error) == kind

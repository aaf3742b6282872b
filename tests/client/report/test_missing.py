"""Counts, shares and gaps, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_client.report.events import MOST_GAPS, find_missing
from narrowcast_client.report.timeline import SpanState, timeline
from narrowcast_shared.samples import Status

from .made import Frame, series, steady


def test_a_gap_and_what_it_was_of() -> None:
    gone = [Frame(4 + at / 10, "." if at < 20 else "x") for at in range(30)]
    made = series([*steady(4, 0.5), *gone, *steady(2, 0.5, start_s=7)])
    missing = find_missing(made, timeline(made))
    assert missing.frames == {
        Status.OK: 60,
        Status.NO_FACE: 20,
        Status.SKIPPED: 0,
        Status.LOST: 10,
    }
    assert missing.shares[SpanState.NO_FACE] == pytest.approx(2 / 9)
    assert missing.shares[SpanState.LOST] == pytest.approx(1 / 9)
    (gap,) = missing.gaps
    assert (gap.start_s, gap.end_s) == (pytest.approx(4), pytest.approx(7))
    assert gap.mostly is SpanState.NO_FACE
    assert missing.in_gaps_s == pytest.approx(3)


def test_a_second_is_no_gap() -> None:
    made = series([Frame(0, 0.5), Frame(2, 0.5), Frame(4.5, 0.5)])
    (gap,) = find_missing(made, timeline(made)).gaps
    assert (gap.start_s, gap.end_s, gap.mostly) == (3.0, 4.5, SpanState.UNRECORDED)


def test_the_longest_gaps_in_order_of_time() -> None:
    at_s, frames = 0.0, []
    for lasted in range(2, 2 + MOST_GAPS + 3):
        frames.append(Frame(at_s, 0.5))
        at_s += 1 + lasted
    frames.append(Frame(at_s, 0.5))
    missing = find_missing(series(frames), timeline(series(frames)))
    assert len(missing.gaps) == MOST_GAPS + 3
    assert [round(gap.end_s - gap.start_s) for gap in missing.longest] == [
        *range(5, 2 + MOST_GAPS + 3)
    ]


@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from([".", "s", "x", 0.5])), min_size=1))
def test_shares_sum_to_one(steps: list[tuple[float, float | str]]) -> None:
    at_s, frames = 0.0, []
    for step, valence in steps:
        frames.append(Frame(at_s, valence))
        at_s += step
    made = series(frames)
    missing = find_missing(made, timeline(made))
    assert sum(missing.shares.values()) == pytest.approx(1)
    assert sum(missing.frames.values()) == len(steps)
    unknown_s = timeline(made).duration_s * (1 - missing.shares[SpanState.READ])
    assert missing.in_gaps_s <= unknown_s + 1e-6

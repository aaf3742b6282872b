"""What was known at each time: by hand, and what always holds."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_client.report.timeline import HOLD_S, SpanState, span_means, timeline
from narrowcast_client.report.valence import shares, summarise

from .made import Frame, series


def spans(frames: Sequence[Frame]) -> list[tuple[float, float, str]]:
    line = timeline(series(frames))
    return [
        (pytest.approx(start), pytest.approx(end), SpanState(state).name)
        for start, end, state in zip(
            line.edges[:-1].tolist(), line.edges[1:].tolist(), line.state.tolist(), strict=True
        )
    ]


def test_each_frame_stands_until_the_next_and_the_last_as_long_as_the_one_before() -> None:
    assert spans([Frame(0, 0.5), Frame(0.2, "."), Frame(0.5, 0.1)]) == [
        (0.0, 0.2, "READ"),
        (0.2, 0.5, "NO_FACE"),
        (0.5, 0.8, "READ"),
    ]


def test_a_lone_frame_stands_for_the_hold() -> None:
    assert spans([Frame(0, "x")]) == [(0.0, HOLD_S, "LOST")]
    assert spans([Frame(0, 0.5), Frame(0, 0.5)]) == [(0.0, HOLD_S, "READ")]


def test_a_reading_stands_through_skipped_and_lost_frames_for_the_hold() -> None:
    frames = [Frame(0, 0.5), *(Frame(at / 10, "s") for at in range(1, 15)), Frame(1.5, "x")]
    merged = [span for span in spans(frames) if span[2] != "READ"]
    assert merged[0][:2] == (1.0, 1.1)
    assert {span[2] for span in merged[:5]} == {"SKIPPED"}
    assert merged[5:] == [(1.5, 1.6, "LOST")]
    assert timeline(series(frames)).reading_s(16)[0] == pytest.approx(1.0)


def test_a_frame_without_a_face_ends_a_reading_and_what_is_skipped_after_it_is_unknown() -> None:
    assert spans([Frame(0, 0.5), Frame(0.1, "."), Frame(0.2, "s"), Frame(0.3, 0.5)]) == [
        (0.0, 0.1, "READ"),
        (0.1, 0.2, "NO_FACE"),
        (0.2, 0.3, "SKIPPED"),
        (0.3, 0.4, "READ"),
    ]


def test_a_time_without_frames_is_unrecorded_after_the_hold() -> None:
    assert spans([Frame(0, 0.5), Frame(5, "."), Frame(5.5, ".")]) == [
        (0.0, 1.0, "READ"),
        (1.0, 5.0, "UNRECORDED"),
        (5.0, 5.5, "NO_FACE"),
        (5.5, 6.0, "NO_FACE"),
    ]


def test_back_filled_frames_take_their_place_in_time() -> None:
    frames = [Frame(0, 0.1), Frame(0.4, 0.3), Frame(0.2, 0.2)]
    assert series(frames).valence.tolist() == [0.1, 0.2, 0.3]


frames_at_random = st.lists(
    st.tuples(
        st.floats(0, 4),  # since the frame before
        st.one_of(st.sampled_from([".", "s", "x"]), st.floats(-1, 1)),
    ),
    min_size=1,
    max_size=40,
)


def placed(steps: list[tuple[float, float | str]]) -> list[Frame]:
    at_s, frames = 0.0, []
    for step, valence in steps:
        frames.append(Frame(at_s, valence))
        at_s += step
    return frames


@given(frames_at_random)
def test_the_spans_fill_the_duration(steps: list[tuple[float, float | str]]) -> None:
    made = series(placed(steps))
    line = timeline(made)
    by_state = line.seconds_by_state()
    assert (line.spans_s > 0).all()
    assert sum(by_state.values()) == pytest.approx(line.duration_s)
    assert line.reading_s(len(made)).sum() == pytest.approx(by_state[SpanState.READ])
    assert (line.reading_s(len(made)) <= HOLD_S + 1e-9).all()


@given(frames_at_random)
def test_shares_sum_to_one(steps: list[tuple[float, float | str]]) -> None:
    made = series(placed(steps))
    found = shares(made, timeline(made))
    assert sum(found[:4]) == pytest.approx(1)
    assert all(-1e-9 <= share <= 1 + 1e-9 for share in found)
    assert found.surely_positive <= found.positive + 1e-9
    assert found.surely_negative <= found.negative + 1e-9


@given(
    st.lists(
        st.tuples(st.floats(0.01, HOLD_S), st.one_of(st.just("."), st.floats(-1, 1))),
        min_size=2,
        max_size=40,
    )
)
def test_doubling_the_frame_rate_changes_nothing(steps: list[tuple[float, float | str]]) -> None:
    once = placed(steps)
    last_s = once[-1].at_s - once[-2].at_s
    nexts = [*(frame.at_s for frame in once[1:]), once[-1].at_s + last_s]
    halves = [Frame((a.at_s + b) / 2, a.valence) for a, b in zip(once, nexts, strict=True)]
    twice = [frame for pair in zip(once, halves, strict=True) for frame in pair]
    plain, doubled = (series(frames) for frames in (once, twice))
    assert shares(plain, timeline(plain)) == pytest.approx(shares(doubled, timeline(doubled)))
    told, again = (summarise(made, timeline(made)) for made in (plain, doubled))
    if told is None:
        assert again is None
        return
    assert again is not None
    assert again.mean == pytest.approx(told.mean)
    assert again.median == pytest.approx(told.median)


@given(
    st.floats(-1, 1),
    st.lists(st.floats(0, 0.99), max_size=20),
    st.lists(st.sampled_from(["s", "x"]), min_size=20, max_size=20),
)
def test_frames_that_say_nothing_change_nothing(
    valence: float, times: list[float], kinds: list[str]
) -> None:
    bare = [Frame(0, valence), Frame(1, valence)]
    silent = [Frame(at_s, kind) for at_s, kind in zip(sorted(times), kinds, strict=False)]
    with_them = [bare[0], *silent, bare[1], Frame(2, "s")]
    without = [*bare, Frame(2, "s")]
    first, second = (series(frames) for frames in (with_them, without))
    weights = [timeline(made).seconds_by_state()[SpanState.READ] for made in (first, second)]
    assert weights[0] == pytest.approx(weights[1])


def test_means_between_any_edges_are_exact() -> None:
    made = series([Frame(0, 0.0), Frame(1, 1.0), Frame(1.5, "."), Frame(2.5, ".")])
    line = timeline(made)
    stood_s, means = span_means(line, made.valence, np.array([0.5, 1.25, 1.75, 3.0]))
    assert stood_s.tolist() == pytest.approx([0.75, 0.25, 0.0])
    assert means[:2].tolist() == pytest.approx([1 / 3, 1.0])
    assert np.isnan(means[2])

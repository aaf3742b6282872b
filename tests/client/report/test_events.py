"""Stretches and changes, by hand."""

from itertools import pairwise

import pytest

from narrowcast_client.report.events import MOST_CHANGES, MOST_STRETCHES, Events, find_events
from narrowcast_client.report.timeline import timeline

from .made import Frame, series, steady


def found(frames: list[Frame]) -> Events:
    made = series(frames)
    return find_events(made, timeline(made))


def test_a_change_of_face_is_a_change_and_two_stretches() -> None:
    frames = [*steady(10, -0.4), *steady(8, 0.6, start_s=10)]
    frames = [frame._replace(px=48 if frame.at_s < 10 else 16) for frame in frames]
    events = found(frames)
    assert [tuple(run) for run in events.negative] == [pytest.approx((0, 10, -0.4))]
    assert [tuple(run) for run in events.positive] == [pytest.approx((10, 18, 0.6))]
    (change,) = events.changes
    assert tuple(change) == pytest.approx((10, -0.4, 0.6, 48, 16))


def test_short_and_small_ones_are_none() -> None:
    frames = [*steady(10, 0.0), *steady(2, 0.25, start_s=10), *steady(10, 0.0, start_s=12)]
    assert found(frames) == Events((), (), ())


def test_single_frames_neither_end_a_stretch_nor_begin_one() -> None:
    frames = steady(10, 0.5)
    frames[37] = frames[37]._replace(valence=-0.9)
    (run,) = found(frames).positive
    assert (run.start_s, run.end_s) == (0, 10)


def test_an_unread_second_ends_a_stretch() -> None:
    gone = [Frame(5 + at / 10, ".") for at in range(10)]
    frames = [*steady(5, 0.5), *gone, *steady(4, 0.5, start_s=6)]
    assert [(run.start_s, run.end_s) for run in found(frames).positive] == [(0, 5), (6, 10)]


def test_the_longest_of_many_and_all_in_order_of_time() -> None:
    frames: list[Frame] = []
    at_s = 0.0
    for lasted in (4, 9, 5, 8, 6):
        frames += steady(lasted, 0.6, start_s=at_s) + steady(6, -0.6, start_s=at_s + lasted)
        at_s += lasted + 6
    runs = found(frames).positive
    assert [run.end_s - run.start_s for run in runs] == [9, 8, 6]
    assert len(runs) == MOST_STRETCHES


def test_no_more_changes_than_can_be_read_and_none_beside_a_greater_one() -> None:
    frames = [
        frame
        for turn in range(30)
        for frame in steady(5, 0.5 if turn % 2 else -0.5, start_s=5 * turn)
    ]
    changes = found(frames).changes
    assert len(changes) == MOST_CHANGES
    times = [change.at_s for change in changes]
    assert all(later - earlier >= 5 for earlier, later in pairwise(times))
    assert times == sorted(times)


def test_too_short_for_a_change() -> None:
    assert found([*steady(4, -0.8), *steady(4, 0.8, start_s=4)]).changes == ()

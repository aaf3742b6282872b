"""The frontier: what is on it, and the best at or under a rate, without interpolation."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_models.evaluation.moving_frontier import ASKED, Point, best_under, frontier
from narrowcast_shared.operating_point import Rung


def _point(kbps: float, kept: float, px: int = 96) -> Point:
    return Point(kbps, kept, Rung(px, 30))


CHEAP, FAIR, DEAR = _point(1, 0.5, 16), _point(4, 0.9, 48), _point(10, 0.98, 96)
DOMINATED = _point(5, 0.85, 64)
POINTS = (DEAR, DOMINATED, CHEAP, FAIR)


def test_the_dominated_is_left_out_and_the_cheapest_stands_first() -> None:
    assert frontier(POINTS) == [CHEAP, FAIR, DEAR]


def test_equals_stand_once() -> None:
    dearer, worse = _point(4.5, 0.9), _point(4, 0.8)
    assert frontier([dearer, worse, FAIR]) == [FAIR]


def test_nothing_has_no_frontier() -> None:
    assert frontier([]) == []
    assert best_under([], 100) is None


@pytest.mark.parametrize(
    ("kbps", "best"),
    [(0.99, None), (1, CHEAP), (3.999, CHEAP), (4, FAIR), (5, FAIR), (9.9, FAIR), (10, DEAR),
     (99, DEAR)],
)  # fmt: skip
def test_the_best_at_or_under_a_rate(kbps: float, best: Point | None) -> None:
    assert best_under(POINTS, kbps) == best


_points = st.lists(st.builds(_point, st.floats(0.5, 50), st.floats(-1, 1)), max_size=20)


@given(_points)
def test_a_frontier_rises_and_nothing_lies_above_it(points: list[Point]) -> None:
    best = frontier(points)
    assert set(best) <= set(points)
    assert all(a.kbps < b.kbps and a.kept < b.kept for a, b in pairwise(best))
    for point in points:
        found = best_under(points, point.kbps)
        assert found is not None
        assert found.kept == max(p.kept for p in points if p.kbps <= point.kbps)
        assert found in best


def test_what_is_asked_falls_with_the_rate() -> None:
    assert list(ASKED) == sorted(ASKED, reverse=True)
    assert [asked.kept for asked in ASKED] == [0.98, 0.96, 0.94, 0.88, 0.65]

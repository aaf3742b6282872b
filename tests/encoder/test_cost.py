"""What this face costs, learned from what its frames cost."""

import pytest

from narrowcast_encoder.control.cost import RANGE, CostCorrection, expected_bytes
from narrowcast_shared.operating_point import Rung

RUNG = Rung(48, 36)


def test_a_face_that_costs_twice_is_known_to_within_seconds() -> None:
    cost = CostCorrection()
    for _ in range(75):
        cost.learn(RUNG, 36, 20.0)
    assert cost.ratio == pytest.approx(2.0, rel=0.1)
    assert expected_bytes(12.0, cost.ratio) == pytest.approx(20.0, rel=0.1)


def test_a_face_at_rest_costs_the_empty_bytes() -> None:
    cost = CostCorrection()
    for _ in range(200):
        cost.learn(RUNG, 4, 20.0)
    assert expected_bytes(20.0, cost.ratio) < 6
    assert expected_bytes(3.0, cost.ratio) == 4


def test_a_cut_moves_it_little() -> None:
    cost = CostCorrection()
    for _ in range(75):
        cost.learn(RUNG, 20, 20.0)
    cost.learn(RUNG, 400, 20.0)
    assert cost.ratio < 1.1


def test_a_new_rung_learns_fast_but_not_from_nothing() -> None:
    cost = CostCorrection()
    for _ in range(200):
        cost.learn(RUNG, 52, 20.0)
    other = Rung(32, 36)
    cost.learn(other, 10, 10.0)
    assert 2 < cost.ratio < 3
    for _ in range(30):
        cost.learn(other, 10, 10.0)
    assert cost.ratio < 1.6


@pytest.mark.parametrize(("size", "bound"), [(4, RANGE[0]), (100_000, RANGE[1])])
def test_nothing_is_believed_beyond_reason(size: int, bound: float) -> None:
    cost = CostCorrection()
    for _ in range(1000):
        cost.learn(RUNG, size, 20.0)
    assert cost.ratio == pytest.approx(bound, rel=0.01)

"""The geometry of boxes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.detection import Box

numbers = st.floats(-1e3, 1e3)
lengths = st.floats(1, 1e3)
boxes = st.builds(Box, numbers, numbers, lengths, lengths, st.just(1.0))


def test_overlap_is_intersection_over_union() -> None:
    box = Box(0, 0, 10, 10, 1)
    assert box.overlap(box.moved(5, 0)) == pytest.approx(50 / 150)
    assert box.overlap(box.moved(10, 0)) == pytest.approx(0)


@given(boxes, boxes)
def test_overlap_is_a_share_and_symmetric(one: Box, other: Box) -> None:
    assert 0 <= one.overlap(other) <= 1 + 1e-9
    assert one.overlap(other) == pytest.approx(other.overlap(one))
    assert one.overlap(one) == pytest.approx(1)


def test_scaling_moves_and_grows() -> None:
    assert Box(10, 20, 30, 40, 0.5).scaled(2) == Box(20, 40, 60, 80, 0.5)


def test_centre_and_long_side() -> None:
    box = Box(10, 20, 30, 40, 0.5)
    assert box.centre == (25, 40)
    assert box.long_side == 40

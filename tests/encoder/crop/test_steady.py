"""The crop that holds still, for whatever targets it is given."""

import math
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.crop import SteadyConfig, SteadyCrop
from narrowcast_encoder.crop.square import Target

CONFIG = SteadyConfig()
UNFILTERED = SteadyConfig(smoothing=1)

sides = st.floats(40, 400)
places = st.floats(0, 1000)
targets = st.lists(st.builds(Target, places, places, sides), min_size=1, max_size=30)


@given(targets)
def test_an_unfiltered_crop_never_leaves_the_band_around_its_target(path: list[Target]) -> None:
    crop = SteadyCrop(UNFILTERED)
    for target in path:
        held = crop.update(target).target()
        slack = 1 / held.side  # whole px
        assert abs(held.x - target.x) <= (UNFILTERED.shift_band + slack) * held.side
        assert abs(held.y - target.y) <= (UNFILTERED.shift_band + slack) * held.side
        assert abs(math.log(target.side / held.side)) <= math.log1p(UNFILTERED.side_band) + slack


@given(
    st.builds(Target, places, places, sides),
    st.lists(st.tuples(*[st.floats(-0.9, 0.9)] * 3), max_size=30),
)
def test_it_never_moves_while_the_target_stays_inside_the_band(
    start: Target, noise: list[tuple[float, float, float]]
) -> None:
    crop = SteadyCrop()
    first = crop.update(start)
    held = first.target()
    room = CONFIG.shift_band * held.side - 1  # less the px that rounding took
    for dx, dy, zoom in noise:
        side = held.side * (1 + CONFIG.side_band) ** (zoom * 0.9)
        target = Target(start.x + dx * room * 0.9, start.y + dy * room * 0.9, side)
        assert crop.update(target) == first


@given(st.builds(Target, places, places, sides), st.builds(Target, places, places, sides))
def test_it_arrives_where_the_face_stays(start: Target, end: Target) -> None:
    crop = SteadyCrop()
    crop.update(start)
    for _ in range(40):
        held = crop.update(end).target()
    bound = (CONFIG.shift_band + 2 / held.side) * held.side
    assert max(abs(held.x - end.x), abs(held.y - end.y)) <= bound


def test_it_goes_to_its_target_in_one_step() -> None:
    """A face that walks away slowly: few steps, each a jump, none of them a creep."""
    crop = SteadyCrop()
    squares = [crop.update(Target(200 + x, 150, 100)) for x in range(100)]
    moves = [b.x - a.x for a, b in pairwise(squares) if b != a]
    assert 5 <= len(moves) <= 17
    assert min(moves) >= 5


def test_detector_noise_at_the_edge_of_the_band_does_not_make_it_flap() -> None:
    rng = np.random.default_rng(1)
    crop = SteadyCrop()
    crop.update(Target(200, 150, 100))
    edge = 200 + 100 * CONFIG.shift_band
    squares = {crop.update(Target(edge + rng.normal(0, 1), 150, 100)) for _ in range(500)}
    assert len(squares) <= 2


def test_a_new_face_is_framed_at_once() -> None:
    crop = SteadyCrop()
    crop.update(Target(200, 150, 100))
    crop.interrupt()
    assert crop.update(Target(220, 150, 100)).target().x == 220

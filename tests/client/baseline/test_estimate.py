"""The resting valence and its standard error: pinned values, and made-up series."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_client.baseline.estimate import (
    BIN_S,
    Bin,
    effective_number,
    rest_of,
    weighted_median,
)

from .series import wandering


def bins_of(values: list[float], precision: float = 100.0) -> list[Bin]:
    return [Bin(place, value, precision) for place, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "weights", "median"),
    [
        ([3.0], [1.0], 3.0),
        ([1.0, 3.0], [1.0, 1.0], 2.0),
        ([5.0, 1.0, 3.0], [1.0, 1.0, 1.0], 3.0),
        ([1.0, 2.0, 9.0], [1.0, 1.0, 2.0], 2 + 7 / 3),  # half of the weight is at 9
        ([1.0, 2.0, 9.0], [1.0, 1.0, 100.0], 2 + 7 * 49.5 / 50.5),
    ],
)
def test_weighted_median(values: list[float], weights: list[float], median: float) -> None:
    assert weighted_median(np.array(values), np.array(weights)) == pytest.approx(median)


@given(
    st.lists(
        st.tuples(st.floats(-1, 1), st.floats(1, 1000), st.integers(1, 400)),
        min_size=1,
        max_size=60,
    )
)
def test_what_always_holds(items: list[tuple[float, float, int]]) -> None:
    place, bins = 0, []
    for value, precision, step in items:
        place += step
        bins.append(Bin(place, value, precision))
    rest = rest_of(bins)
    values = [b.valence for b in bins]
    assert min(values) <= rest.valence <= max(values)
    assert 1 <= rest.effective_bins <= len(bins)
    assert 0 <= rest.standard_error < math.inf
    assert rest.spread <= 1.4826 * (max(values) - min(values)) + 1e-12


def test_a_smile_for_a_third_of_the_time_moves_it_little() -> None:
    calm = [0.02 * value for value in wandering(80, 1, 0.5, BIN_S)]
    rest = rest_of(bins_of([*calm, *[0.8] * 40]))
    assert abs(rest.valence) < 0.03
    assert np.mean([*calm, *[0.8] * 40]) > 0.25  # where the mean goes


def test_what_was_read_with_less_precision_counts_less() -> None:
    fine = [Bin(place, 0.1, 100.0) for place in range(40)]
    coarse = [Bin(place, -0.4, 4.0) for place in range(40, 100)]
    assert rest_of(fine + coarse).valence == pytest.approx(0.1)


def test_independent_values_count_in_full_and_repeated_ones_once() -> None:
    places = np.arange(400)
    weights = np.ones(400)
    noise = np.random.default_rng(3).standard_normal(400)
    repeated = np.repeat(noise[:40], 10)
    assert effective_number(places, noise, weights) > 250
    assert 25 < effective_number(places, repeated, weights) < 60


def test_steps_that_are_missing_do_not_look_like_correlation() -> None:
    noise = np.random.default_rng(3).standard_normal(400)
    places, weights = np.arange(0, 800, 2), np.ones(400)  # every other step
    assert effective_number(places, noise, weights) > 250


@pytest.mark.parametrize(
    ("correlation_s", "least", "most"), [(0.1, 0.92, 0.99), (1.0, 0.91, 0.99), (4.0, 0.75, 0.92)]
)
def test_two_standard_errors_hold_the_truth(
    correlation_s: float, least: float, most: float
) -> None:
    """As the module says: honest up to correlations of 1 s, too small beyond."""
    held = 0
    for seed in range(300):
        values = wandering(120, seed, correlation_s, BIN_S)
        rest = rest_of(bins_of([0.1 * value for value in values]))
        held += abs(rest.valence) < 2 * rest.standard_error
    assert least <= held / 300 <= most


def test_taken_for_independent_the_error_would_be_much_too_small() -> None:
    rest = rest_of(bins_of(wandering(120, 5, 2.0, BIN_S)))
    naive = rest.spread * math.sqrt(math.pi / 2 / 120)
    assert rest.standard_error > 2 * naive


def test_one_bin_and_a_constant() -> None:
    assert rest_of(bins_of([0.25])) == (0.25, 0.0, 0.0, 1.0)
    assert rest_of(bins_of([0.25] * 30))[:3] == (0.25, 0.0, 0.0)

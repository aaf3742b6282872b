"""What a line usually carries: followed down in seconds, up by and by, and not for a moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.rate.bandwidth import AFTER_OUTAGE, FLOOR, SmoothedRate

S = 1_000_000


def _seen(*spans: tuple[float, int]) -> SmoothedRate:
    usual = SmoothedRate()
    for bps, seconds in spans:
        for _ in range(5 * seconds):
            usual.seen(bps, S // 5)
    return usual


def test_nothing_is_usual_at_first() -> None:
    assert (SmoothedRate().floor_bps, SmoothedRate().after_outage_bps) == (0, 0)


def test_both_are_shares_of_one_rate() -> None:
    usual = _seen((10_000, 5))
    assert usual.floor_bps == pytest.approx(FLOOR * 10_000)
    assert usual.after_outage_bps == pytest.approx(AFTER_OUTAGE * 10_000)


def test_a_stall_of_half_a_second_changes_little_and_a_fall_is_believed_in_seconds() -> None:
    usual = _seen((10_000, 20))
    usual.seen(1_000, S // 2)
    assert usual.floor_bps > 0.8 * FLOOR * 10_000
    assert _seen((10_000, 20), (1_000, 10)).floor_bps < 0.2 * FLOOR * 10_000


def test_up_is_slower_than_down() -> None:
    risen = _seen((1_000, 20), (10_000, 4)).floor_bps / FLOOR
    fallen = _seen((10_000, 20), (1_000, 4)).floor_bps / FLOOR
    assert risen - 1_000 < 10_000 - fallen


@given(st.lists(st.tuples(st.floats(500, 1e6), st.integers(0, S)), min_size=1, max_size=50))
def test_it_stays_among_what_was_seen(spans: list[tuple[float, int]]) -> None:
    usual = SmoothedRate()
    for bps, elapsed_us in spans:
        usual.seen(bps, elapsed_us)
    rates = [bps for bps, _ in spans]
    assert 0.999 * min(rates) <= usual.floor_bps / FLOOR <= 1.001 * max(rates)

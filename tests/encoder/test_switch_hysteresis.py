"""A rung that fits is left when staying has cost as much as the switch will."""

from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.rate.adaptive import SwitchHysteresis

PRICE_PER_S, PROOF_US = SwitchHysteresis.PRICE_PER_S, SwitchHysteresis.PROOF_US

REVIEW_US = 500_000


def leaves_after_s(gains: list[float], key_s: float, *, dearer: bool = False) -> float | None:
    hysteresis = SwitchHysteresis()
    for index, gain in enumerate(gains):
        now_us = index * REVIEW_US
        if hysteresis.leaves(gain, key_s, now_us, dearer=dearer):
            return now_us / 1e6
    return None


def test_much_to_gain_is_taken_soon_and_little_late() -> None:
    assert leaves_after_s([0.2] * 100, 0.4) == 1.0
    assert leaves_after_s([0.02] * 100, 0.4) == 10.0
    assert leaves_after_s([0.02] * 100, 0.8) == 20.0


def test_what_costs_more_has_to_prove_itself_however_much_it_gains() -> None:
    assert leaves_after_s([0.5] * 100, 0.1, dearer=True) == PROOF_US / 1e6
    broken = [0.5, 0.5, 0.5, -0.1] * 25
    assert leaves_after_s(broken, 0.1, dearer=True) is None


def test_what_comes_and_goes_is_never_followed() -> None:
    assert leaves_after_s([0.1, -0.1] * 200, 0.4) is None


def test_a_reset_forgets_what_was_lost() -> None:
    hysteresis = SwitchHysteresis()
    for now_us in (0, REVIEW_US):
        assert not hysteresis.leaves(0.2, 0.4, now_us, dearer=False)
    hysteresis.reset()
    assert not hysteresis.leaves(0.2, 0.4, 2 * REVIEW_US, dearer=False)


def test_a_long_silence_counts_as_one_second() -> None:
    hysteresis = SwitchHysteresis()
    hysteresis.leaves(0.1, 0.4, 0, dearer=False)
    assert not hysteresis.leaves(0.1, 0.4, 600_000_000, dearer=False)


# Sums of 1/128 are exact: there are no ties that rounding decides.
GAINS = st.integers(-128, 128).map(lambda n: n / 128)
KEYS_S = st.integers(1, 192).map(lambda n: n / 64)


@given(st.lists(GAINS, min_size=1, max_size=200), KEYS_S)
def test_staying_never_loses_more_than_the_switch_and_a_review(
    gains: list[float], key_s: float
) -> None:
    hysteresis, lost = SwitchHysteresis(), 0.0
    for index, gain in enumerate(gains):
        left = hysteresis.leaves(gain, key_s, index * REVIEW_US, dearer=False)
        lost = max(0.0, lost + (gain * REVIEW_US / 1e6 if index else 0.0))
        assert left == (gain > 0 and lost >= PRICE_PER_S * key_s)
        if left:
            assert lost <= PRICE_PER_S * key_s + REVIEW_US / 1e6
            return

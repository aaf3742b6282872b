"""Rates: what a token bucket lets through, and what it remembers."""

from hypothesis import given
from hypothesis import strategies as st

from narrowcast_decoder.security.buckets import US_PER_S, Bucket, Buckets, Rate

STEPS_US = st.lists(st.integers(-1_000_000, 2_000_000), max_size=200)


@given(STEPS_US, st.floats(0.1, 50), st.integers(1, 20))
def test_never_more_than_the_burst_and_what_time_brings(
    steps_us: list[int], per_s: float, burst: int
) -> None:
    """Also where the clock runs back."""
    now_us = latest_us = 0
    bucket, taken = Bucket(Rate(per_s, burst), 0), 0
    for step_us in steps_us:
        now_us += step_us
        latest_us = max(latest_us, now_us)
        taken += bucket.take(now_us)
        assert taken <= burst + per_s * latest_us / US_PER_S + 1e-6


@given(st.floats(0.1, 50), st.integers(1, 20))
def test_after_the_wait_it_says_there_is_one_more(per_s: float, burst: int) -> None:
    buckets = Buckets(Rate(per_s, burst))
    for _ in range(burst):
        assert buckets.take("a", 0) == 0
    wait_s = buckets.take("a", 0)
    assert 0 < wait_s <= 1 / per_s
    assert buckets.take("a", round(wait_s * US_PER_S) + 1) == 0


def test_keys_do_not_share_and_memory_is_bounded() -> None:
    buckets = Buckets(Rate(1, 1), keys=100)
    assert buckets.take("a", 0) == 0
    assert buckets.take("b", 0) == 0
    assert buckets.take("a", 0) > 0
    for number in range(1000):
        buckets.take(str(number), 0)
    assert len(buckets) == 100


def test_who_is_busy_is_not_forgotten_for_strangers() -> None:
    buckets = Buckets(Rate(0.001, 1), keys=10)
    buckets.take("busy", 0)
    for number in range(100):
        buckets.take(str(number), 0)
        assert buckets.take("busy", 0) > 0

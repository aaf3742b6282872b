"""The pause that a publisher of too many messages is made to take."""

from narrowcast_decoder.ingest.message_rate import MessageRate


def test_nobody_within_the_rate_waits() -> None:
    rate = MessageRate(10)
    assert not any(rate.pause_us(1_000_000_000 + 100_001 * i) for i in range(100))


def test_what_is_over_waits_for_the_second_to_end() -> None:
    rate = MessageRate(10)
    start_us = 1_000_000_000
    pauses = [rate.pause_us(start_us + i) for i in range(11)]
    assert pauses == [0] * 10 + [1_000_000 - 10]
    assert rate.pause_us(start_us + 1_000_000) == 0


def test_a_flood_is_taken_at_the_rate() -> None:
    rate, now_us, taken = MessageRate(10), 1_000_000_000, 0
    while now_us < 1_005_000_000:
        now_us += 1 + rate.pause_us(now_us)
        taken += 1
    assert 50 <= taken <= 66

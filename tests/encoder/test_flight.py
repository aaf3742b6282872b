"""What is on its way, and what the acknowledgements tell of the clocks."""

from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.session.flight import Flight
from narrowcast_shared.wire.messages import Report


def report(messages: int, received_us: int = 0, held_us: int = 0) -> Report:
    return Report(0, 0, messages, 0, received_us, held_us, 0)


def test_age_of_the_oldest_unacknowledged_message() -> None:
    flight = Flight()
    assert flight.unacked_us(5) == 0
    flight.sent(100, 0)
    flight.sent(300, 0)
    assert flight.unacked_us(1_000) == 900
    flight.reported(report(1), 0)
    assert flight.unacked_us(1_000) == 700
    flight.reported(report(2), 0)
    assert flight.unacked_us(1_000) == 0


def test_a_report_of_more_than_was_sent_is_harmless() -> None:
    flight = Flight()
    flight.sent(0, 0)
    flight.reported(report(10**12), 50)
    assert flight.unacked_us(10) == 0
    flight.sent(20, 20)
    assert flight.unacked_us(30) == 10


@given(
    offset=st.integers(-(10**9), 10**9),
    there=st.lists(st.integers(1_000, 400_000), min_size=1, max_size=30),
)
def test_offset_is_within_half_of_the_best_round_trip(offset: int, there: list[int]) -> None:
    """The bound of RFC 5905: asymmetric delay errs by at most half of the round trip."""
    flight, now_us, back_us = Flight(), 10**12, 5_000
    for index, there_us in enumerate(there, 1):
        flight.sent(now_us, now_us)
        arrived_there = now_us + there_us + offset
        now_us += there_us + 70_000 + back_us
        flight.reported(report(index, arrived_there, held_us=70_000), now_us)
    estimate = flight.offset
    assert estimate is not None
    assert estimate.round_trip_us == min(there[-16:]) + back_us
    assert abs(estimate.offset_us - offset) <= estimate.round_trip_us / 2 + 1

"""What counts as lost, doubled and out of order: each is found where it is planted."""

import pytest

from narrowcast_lab.cluster.follower import Arrival
from narrowcast_lab.cluster.tally import Tally, recovery_s, tally
from narrowcast_shared.samples import Sample, Status


def sample(number: int, seq: int | None = None, status: Status = Status.SKIPPED) -> Sample:
    """Sample `number` from 1 on, of the frame before it unless told otherwise."""
    seq = number - 1 if seq is None else seq
    return Sample(id=number, session="s", seq=seq, t=1000.0 + seq, status=status)


SERIES = [sample(number) for number in range(1, 11)]


def test_a_whole_series_has_nothing_to_count() -> None:
    assert tally(SERIES, SERIES, len(SERIES)) == Tally(0, 0, 0)


def test_frames_that_come_behind_later_ones_are_in_order() -> None:
    filled = [sample(1, 0), sample(2, 3), sample(3, 1), sample(4, 2)]
    assert tally(filled, filled, 4) == Tally(0, 0, 0)


def test_an_acknowledged_frame_without_a_sample_is_lost() -> None:
    assert tally(SERIES[:-1], SERIES[:-1], 10) == Tally(1, 0, 0)
    assert tally(SERIES[:-1], SERIES[:-1], 9) == Tally(0, 0, 0)


def test_an_acknowledged_frame_whose_sample_says_so_is_lost() -> None:
    stored = [*SERIES[:-1], sample(10, status=Status.LOST)]
    assert tally(stored, stored, 10) == Tally(1, 0, 0)


def test_what_a_follower_was_not_sent_is_lost() -> None:
    assert tally(SERIES, [*SERIES[:4], *SERIES[5:]], 10) == Tally(1, 0, 0)


def test_what_was_seen_and_is_not_stored_is_lost() -> None:
    assert tally(SERIES[:-1], SERIES, 9) == Tally(1, 0, 0)


def test_what_was_seen_otherwise_than_it_is_stored_is_lost() -> None:
    seen = [*SERIES[:-1], sample(10, status=Status.NO_FACE)]
    assert tally(SERIES, seen, 10) == Tally(1, 0, 0)


def test_a_frame_with_two_samples_is_doubled() -> None:
    stored = [*SERIES, sample(11, seq=9)]
    assert tally(stored, stored, 10) == Tally(0, 1, 0)


def test_a_sample_that_is_sent_twice_is_doubled() -> None:
    assert tally(SERIES, [*SERIES, SERIES[-1]], 10) == Tally(0, 1, 0)


def test_a_sample_that_is_sent_behind_a_later_one_is_out_of_order() -> None:
    seen = [*SERIES[:4], SERIES[5], SERIES[4], *SERIES[6:]]
    assert tally(SERIES, seen, 10) == Tally(0, 0, 1)


def test_capture_times_that_run_backwards_are_out_of_order() -> None:
    stored = [*SERIES[:-1], SERIES[-1].model_copy(update={"t": 1.0})]
    assert tally(stored, stored, 10) == Tally(0, 0, 1)


def test_recovery_is_until_a_frame_that_was_captured_after_the_fault() -> None:
    arrivals = [Arrival(1005.0 + number, sample(number)) for number in (1, 2, 3)]
    assert recovery_s(arrivals, 1000.5) == pytest.approx(1007.0 - 1000.5)
    assert recovery_s(arrivals, 1002.0) is None
    assert Tally(1, 2, 3).plus(Tally(4, 5, 6)) == Tally(5, 7, 9)

"""What an encoder tells of the clocks is stored where it is news, and not all the time."""

from narrowcast_decoder.ingest.clock_note import PAUSE_US, STEP_US, ClockNote
from narrowcast_shared.wire.messages import Clock


def test_nothing_is_due_before_anything_was_told() -> None:
    assert ClockNote().due(0) is None
    assert ClockNote().due(0, last=True) is None


def test_an_estimate_is_due_until_it_is_stored() -> None:
    note = ClockNote()
    note.told(first := Clock(300, 40_000))
    assert note.due(5) == note.due(6) == first
    note.stored(first, 7)
    assert note.due(10 * PAUSE_US) is None


def test_small_changes_are_not_stored() -> None:
    note = ClockNote()
    note.stored(Clock(300, 40_000), 0)
    for told, is_due in (
        (Clock(300 + STEP_US, 40_000), False),
        (Clock(301 + STEP_US, 40_000), True),
        (Clock(300, 39_999 - STEP_US), True),
        (Clock(-STEP_US, 40_000), True),
    ):
        note.told(told)
        assert (note.due(PAUSE_US) == told) == is_due, told


def test_a_flood_of_changes_is_stored_once_a_second_and_its_last_at_the_end() -> None:
    note = ClockNote()
    stored = []
    for ms in range(3500):
        note.told(Clock(2 * STEP_US * ms, 0))
        if clock := note.due(1000 * ms):
            note.stored(clock, 1000 * ms)
            stored.append(ms)
    assert stored == [0, 1000, 2000, 3000]
    assert note.due(3_500_000) is None
    assert note.due(3_500_000, last=True) == Clock(2 * STEP_US * 3499, 0)

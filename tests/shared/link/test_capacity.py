"""What a line can carry: totals and times agree to the millionth of a bit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_shared.errors import SettingsError
from narrowcast_shared.link import (
    NEVER_US,
    Capacity,
    Schedule,
    Step,
    constant,
    parse_schedule,
)

from .capacities import capacities, schedules

KBIT = 1000 * 1_000_000  # in ubit
S = 1_000_000  # in us


@given(capacities, st.integers(1, 10**13))
def test_when_is_the_first_time_at_which_the_total_is_reached(
    capacity: Capacity, total: int
) -> None:
    at_us = capacity.when(total)
    assert capacity.total(at_us) >= total
    assert capacity.total(at_us - 1) < total


@given(capacities, st.integers(0, 10**9), st.integers(0, 10**7))
def test_totals_begin_at_nothing_and_never_fall(
    capacity: Capacity, at_us: int, later_us: int
) -> None:
    assert capacity.total(-1) == 0
    assert 0 <= capacity.total(at_us) <= capacity.total(at_us + later_us)


@given(capacities)
def test_the_mean_is_what_the_line_carries_in_the_long_run(capacity: Capacity) -> None:
    start_us, span_us = 10**9, 10**12
    carried = capacity.total(start_us + span_us) - capacity.total(start_us)
    assert carried / span_us == pytest.approx(capacity.mean_bps, rel=1e-3)


def test_steps_hold_from_their_time_on() -> None:
    capacity = parse_schedule("32k,10s:4k,20s:0,25s:1k")
    assert [capacity.total(at * S) // KBIT for at in (0, 1, 10, 11, 20, 24, 26)] == [
        0, 32, 320, 324, 360, 360, 361,
    ]  # fmt: skip
    assert capacity.when(360 * KBIT) == 20 * S
    assert capacity.when(360 * KBIT + 1) == 25 * S + 1
    assert capacity.mean_bps == 1000


def test_a_line_that_stays_down_is_never_up_again() -> None:
    capacity = parse_schedule("8k,3s:0")
    assert capacity.when(24 * KBIT) == 3 * S
    assert capacity.when(24 * KBIT + 1) == NEVER_US
    assert capacity.mean_bps == 8000


def test_a_loop_begins_anew() -> None:
    capacity = parse_schedule("0,1s:10k,2s:0,4s:loop")
    assert capacity.total(9 * S) == 20 * KBIT
    assert capacity.total(10 * S) == 30 * KBIT
    assert capacity.when(20 * KBIT) == 6 * S
    assert capacity.when(20 * KBIT + 1) == 9 * S + 1
    assert capacity.mean_bps == 2500


# --- as text ---------------------------------------------------------------------------------


@given(schedules())
def test_what_is_printed_is_read_back(schedule: Schedule) -> None:
    assert parse_schedule(str(schedule)) == schedule


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("8k", constant(8000)),
        (" 1.5M ", constant(1_500_000)),
        ("32k,10s:4k", Schedule((Step(0, 32_000), Step(10 * S, 4000)))),
        ("32k, 500ms : 0", Schedule((Step(0, 32_000), Step(S // 2, 0)))),
        ("0, 1m:1.55k", Schedule((Step(0, 0), Step(60 * S, 1550)))),
        ("4k,1s:loop", Schedule((Step(0, 4000),), S)),
    ],
)
def test_schedules_as_people_write_them(text: str, schedule: Schedule) -> None:
    assert parse_schedule(text) == schedule


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        (constant(16_000), "16k"),
        (constant(1_550), "1550"),
        (constant(1_500_000), "1.5M"),
        (Schedule((Step(0, 1), Step(1500, 10**9)), 2 * S), "1,1500us:1G,2s:loop"),
        (Schedule((Step(0, 0), Step(1_500_000, 2_300_000))), "0,1500ms:2.3M"),
    ],
)
def test_schedules_print_short(schedule: Schedule, text: str) -> None:
    assert str(schedule) == text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "'' is no rate: write it like"),
        ("8x", "'8x' is no rate"),
        ("32k,,4k", "'' in the cap '32k,,4k' says no time"),
        ("32k,4k", "'4k' in the cap '32k,4k' says no time to begin at: write it like"),
        ("10s:4k", "begins with the rate at the start, not with '10s:4k'"),
        ("32k,1O:4k", "'1O' is no duration"),
        ("32k,10s:", "'' is no rate"),
        ("32k,20s:4k,10s:8k", "10s cannot follow 20s"),
        ("32k,10s:4k,10s:8k", "10s cannot follow 10s"),
        ("32k,0s:8k", "must be above 0"),
        ("32k,10s:loop,20s:4k", "'20s:4k' in the cap '32k,10s:loop,20s:4k' comes after its loop"),
        ("32k,10s:4k,5s:loop", "5s cannot follow 10s"),
        ("0", "carries nothing, ever"),
        ("0,5s:0,9s:loop", "carries nothing, ever"),
        ("0.4", "at least 1 bit/s, got '0.4'"),
    ],
)
def test_a_wrong_schedule_says_what_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_schedule(text)
    assert complaint in str(caught.value)


@given(st.text(alphabet="0123456789.kMsm:, loop", max_size=30))
def test_nothing_but_a_settings_error_leaves_the_parser(text: str) -> None:
    try:
        schedule = parse_schedule(text)
    except SettingsError:
        return
    assert parse_schedule(str(schedule)) == schedule

"""Both readings of the time axis."""

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_client.report import text as text_
from narrowcast_client.report.text import MOST_TICKS, ticks_of_day, ticks_since

from .made import UNIX_T

INDIA = timezone(timedelta(hours=5, minutes=30))


def test_ticks_since_the_first_frame() -> None:
    assert [(tick.at_s, tick.text) for tick in ticks_since(19.7)] == [
        (0, "0:00"),
        (5, "0:05"),
        (10, "0:10"),
        (15, "0:15"),
    ]
    assert [tick.text for tick in ticks_since(7300)][-1] == "2:00:00"
    assert [tick.text for tick in ticks_since(0.5)][:2] == ["0:00.0", "0:00.1"]


def test_ticks_of_day_are_round_in_the_zone() -> None:
    assert [(tick.at_s, tick.text) for tick in ticks_of_day(UNIX_T + 3, 20, UTC)] == [
        (2, "00:00:05"),
        (7, "00:00:10"),
        (12, "00:00:15"),
        (17, "00:00:20"),
    ]
    assert ticks_of_day(UNIX_T, 7200, INDIA)[0].text == "05:30"


@given(st.floats(0.2, 2e6), st.floats(1e8, 3e9))
def test_there_are_a_few_ticks_and_all_within(duration_s: float, start_t: float) -> None:
    for ticks in (ticks_since(duration_s), ticks_of_day(start_t, duration_s, INDIA)):
        assert len(ticks) <= MOST_TICKS + 1
        assert all(-1e-6 <= tick.at_s <= duration_s + 1e-6 for tick in ticks)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00.0"),
        (7.46, "0:07.5"),
        (59.96, "1:00.0"),
        (723.0, "12:03.0"),
        (3723.04, "1:02:03.0"),
    ],
)
def test_times(seconds: float, text: str) -> None:
    assert text_.since(seconds) == text


def test_times_of_day() -> None:
    assert text_.of_day(UNIX_T + 7.46, UTC) == "00:00:07.5"
    assert text_.of_day(UNIX_T + 59.96, INDIA) == "05:31:00.0"
    assert text_.date(UNIX_T, INDIA) == "2026-01-01 05:30:00 (UTC+05:30)"
    assert text_.zone_name(UNIX_T, timezone(-timedelta(hours=3, minutes=30))) == "UTC-03:30"

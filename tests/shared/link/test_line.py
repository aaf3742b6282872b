"""The simulated link keeps its promises, whatever it is offered and whatever it can carry."""

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrowcast_shared.clock import ManualClock
from narrowcast_shared.link import Capacity, Link, LinkSettings, constant, parse_schedule
from narrowcast_shared.link.pacing import LINE_PERCENT, WINDOWS
from narrowcast_shared.wire.cost import wire_bytes

from .capacities import capacities

CAP_BPS = 8_000
S = 1_000_000  # in us

offers = st.lists(st.tuples(st.integers(0, 400_000), st.integers(1, 400)), min_size=1, max_size=80)
rates = st.sampled_from([500, 2_000, 8_000, 64_000])


class Left(NamedTuple):
    offered_us: int
    at_us: int
    ubit: int


def departures(capacity: Capacity, plan: list[tuple[int, int]]) -> list[Left]:
    """What became of messages of so many bytes, each so many us after the one before."""
    link, now_us, offered = Link(capacity), 0, []
    for gap_us, size in plan:
        now_us += gap_us
        link.offer(bytes(size), now_us)
        offered.append(now_us)
    left = link.release(1 << 61)
    assert [len(departure.message) for departure in left] == [size for _, size in plan]
    return [
        Left(at_us, departure.at_us, 8_000_000 * wire_bytes(len(departure.message)))
        for at_us, departure in zip(offered, left, strict=True)
    ]


@settings(deadline=None)
@given(capacities, offers)
def test_no_bit_is_created(capacity: Capacity, plan: list[tuple[int, int]]) -> None:
    """From any departure to any later one: what the line could carry, and the first message."""
    left = departures(capacity, plan)
    for index, first in enumerate(left):
        carried = 0
        for message in left[index + 1 :]:
            carried += message.ubit
            able = capacity.total(message.at_us) - capacity.total(first.at_us - 1)
            assert 100 * carried <= LINE_PERCENT * able


@settings(deadline=None)
@given(capacities, offers)
def test_order_is_kept_and_nothing_leaves_before_the_line_could_carry_it(
    capacity: Capacity, plan: list[tuple[int, int]]
) -> None:
    left = departures(capacity, plan)
    assert [message.at_us for message in left] == sorted(message.at_us for message in left)
    for message in left:
        able = capacity.total(message.at_us) - capacity.total(message.offered_us)
        assert able >= message.ubit


@settings(deadline=None)
@given(capacities, offers)
def test_nothing_leaves_while_the_line_is_down(
    capacity: Capacity, plan: list[tuple[int, int]]
) -> None:
    for message in departures(capacity, plan):
        assert capacity.total(message.at_us) > capacity.total(message.at_us - 1)


@settings(deadline=None)
@given(capacities, offers)
def test_windows_that_begin_or_end_with_a_departure_hold_their_share(
    capacity: Capacity, plan: list[tuple[int, int]]
) -> None:
    """Unless one message alone is more than a window allows."""
    left = departures(capacity, plan)
    for us, percent in WINDOWS:
        for message in left:
            for start_us in (message.at_us, message.at_us - us + 1):
                inside = [m.ubit for m in left if start_us <= m.at_us < start_us + us]
                open_us = start_us if start_us == message.at_us else start_us - 1
                able = capacity.total(open_us + us) - capacity.total(open_us)
                assert len(inside) == 1 or 100 * sum(inside) <= percent * able


@settings(deadline=None)
@given(rates, offers, st.integers(0, 30 * S))
def test_under_a_constant_cap_no_window_at_all_holds_more(
    cap_bps: int, plan: list[tuple[int, int]], start_us: int
) -> None:
    left = departures(constant(cap_bps), plan)
    for us, percent in WINDOWS:
        inside = [m.ubit for m in left if start_us <= m.at_us < start_us + us]
        assert len(inside) <= 1 or 100 * sum(inside) <= percent * cap_bps * us


@settings(deadline=None)
@given(rates, rates, offers, st.integers(0, 30 * S))
def test_nor_does_one_across_a_step(
    before_bps: int, after_bps: int, plan: list[tuple[int, int]], start_us: int
) -> None:
    capacity = parse_schedule(f"{before_bps},5s:{after_bps}")
    left = departures(capacity, plan)
    for us, percent in WINDOWS:
        inside = [m.ubit for m in left if start_us <= m.at_us < start_us + us]
        able = capacity.total(start_us + us) - capacity.total(start_us)
        assert len(inside) <= 1 or 100 * sum(inside) <= percent * able


@pytest.mark.parametrize("cap", ["8k", "2k,10s:14k", "16k,1s:0,2s:loop", "0,5s:16k,10s:loop"])
def test_a_line_with_room_is_used(cap: str) -> None:
    """Back to back messages fill the line to within a few per cent of what it can carry."""
    capacity = parse_schedule(cap)
    left = departures(capacity, [(0, 100)] * 600)
    end_us = 40 * S
    assert left[-1].at_us > end_us
    carried = sum(message.ubit for message in left if message.at_us <= end_us)
    assert 0.93 <= carried / capacity.total(end_us) <= 0.97


def test_release_gives_each_message_once_and_only_when_due() -> None:
    link = Link(constant(CAP_BPS))
    link.offer(b"first", 0)
    link.offer(b"second", 0)
    due = link.next_release_us
    assert due is not None
    assert link.release(due - 1) == []
    assert [d.message for d in link.release(due)] == [b"first"]
    assert link.backlog_us(due) > 0
    assert [d.message for d in link.release(10**9)] == [b"second"]
    assert link.next_release_us is None


def test_clear_drops_what_waits_and_frees_the_line() -> None:
    link = Link(constant(CAP_BPS))
    for _ in range(50):
        link.offer(bytes(100), 0)
    first = link.release(200_000)
    assert first
    link.clear()
    assert link.release(10**9) == []
    assert link.backlog_us(200_000) == 0
    link.offer(b"again", 1_000_000)
    assert [d.message for d in link.release(2_000_000)] == [b"again"]


# --- handshakes ------------------------------------------------------------------------------


def first_departure_us(link: Link, now_us: int = 0) -> int:
    link.offer(bytes(42), now_us)
    (departure,) = link.release(10**12)
    return departure.at_us


OWED_US = round(8 * 500 / (0.97 * CAP_BPS) * 1e6)


def test_a_handshake_is_billed_to_the_next_message_alone() -> None:
    plain, owing = Link(constant(CAP_BPS)), Link(constant(CAP_BPS))
    owing.owe(500)
    assert first_departure_us(owing) - first_departure_us(plain) == pytest.approx(OWED_US, abs=2)
    later_us = 10 * S
    assert first_departure_us(owing, later_us) == first_departure_us(plain, later_us)


def test_a_handshake_stays_owed_when_the_message_that_bore_it_is_cleared() -> None:
    """It went past the line, whatever became of the message."""
    link = Link(constant(CAP_BPS))
    link.owe(300)
    link.offer(bytes(42), 0)
    link.offer(bytes(42), 0)
    link.clear()
    link.owe(200)
    plain_us = first_departure_us(Link(constant(CAP_BPS)))
    assert first_departure_us(link) - plain_us == pytest.approx(OWED_US, abs=2)


def test_a_handshake_that_was_paid_is_not_owed_again() -> None:
    link = Link(constant(CAP_BPS))
    link.owe(500)
    link.offer(bytes(42), 0)
    assert link.release(10 * S)
    link.clear()
    at_us = 20 * S
    plain_us = first_departure_us(Link(constant(CAP_BPS)), at_us)
    assert first_departure_us(link, at_us) == plain_us


# --- outages, delay, time --------------------------------------------------------------------


def test_an_outage_shows_as_backlog_until_its_end() -> None:
    link = Link(parse_schedule("8k,10s:0,88s:8k"))
    assert link.backlog_us(9 * S) == 0
    assert link.backlog_us(10 * S) == 78 * S
    assert link.backlog_us(50 * S) == 38 * S
    link.offer(bytes(100), 50 * S)
    due_us = link.next_release_us
    assert due_us == 88 * S + -(-8 * wire_bytes(100) * 100 * S // (97 * 8000))
    assert link.backlog_us(60 * S) == pytest.approx(due_us - 60 * S, abs=1)
    assert link.release(88 * S) == []
    assert len(link.release(due_us)) == 1


def test_a_message_that_an_outage_interrupts_is_carried_on() -> None:
    link = Link(parse_schedule("8k,1s:0,5s:8k"))
    link.offer(bytes(400), 800_000)
    on_line_us = -(-8 * wire_bytes(400) * 100 * S // (97 * 8000))
    assert link.next_release_us == 5 * S + on_line_us - 200_000


def test_a_line_that_stays_down_holds_what_it_has_and_says_so() -> None:
    link = Link(parse_schedule("8k,1s:0"))
    link.offer(bytes(2000), 0)
    link.offer(bytes(10), 0)
    assert link.next_release_us is None
    assert link.release(10**15) == []
    assert link.backlog_us(2 * S) > 10**15


@pytest.mark.parametrize("capacity", [None, constant(CAP_BPS)])
def test_propagation_delay_comes_after_the_line_and_takes_no_room(
    capacity: Capacity | None,
) -> None:
    near, far = Link(capacity), Link(capacity, 40_000)
    for link in (near, far):
        link.offer(b"a", 7)
        link.offer(b"b", 7)
    due_us = near.next_release_us
    assert due_us is not None
    assert far.next_release_us == due_us + 40_000
    assert far.release(due_us + 39_999) == []
    assert far.backlog_us(20) == near.backlog_us(20)
    assert far.release(10**9) == near.release(10**9), "departures are told, not arrivals"


def test_the_lines_time_begins_when_it_is_told() -> None:
    """A live encoder's monotonic clock began with its machine, not with its stream."""
    clock = ManualClock(monotonic_us=3_600_000_000)
    link = Link(parse_schedule("8k,10s:0,20s:8k"), 1000)
    link.begin(clock.monotonic_us())
    assert link.backlog_us(clock.monotonic_us()) == 0
    clock.advance(12 * S)
    assert link.backlog_us(clock.monotonic_us()) == 8 * S
    link.offer(bytes(39), clock.monotonic_us())
    due_us = link.next_release_us
    assert due_us is not None
    assert due_us == 3_600_000_000 + 20 * S + 100_000 + 1000


def test_without_a_cap_messages_leave_at_once() -> None:
    link = Link()
    link.owe(1000)
    link.offer(b"a", 5)
    assert link.backlog_us(5) == 0
    assert link.next_release_us == 5
    assert [d.message for d in link.release(5)] == [b"a"]
    assert link.next_release_us is None


def test_settings_tell_the_long_run_rate() -> None:
    assert LinkSettings().mean_bps is None
    assert LinkSettings(constant(8000)).mean_bps == 8000
    assert LinkSettings(parse_schedule("32k,10s:4k,20s:loop")).mean_bps == 18_000
    assert LinkSettings(parse_schedule("1,1s:0,9s:loop")).mean_bps == 1

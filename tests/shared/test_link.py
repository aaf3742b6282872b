"""The simulated link keeps its promise on every sliding window, whatever it is offered."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrowcast_shared.link import CappedLink, OpenLink, make_link
from narrowcast_shared.wire.cost import wire_bytes

CAP_BPS = 8_000

offers = st.lists(st.tuples(st.integers(0, 400_000), st.integers(1, 400)), min_size=1, max_size=120)


def departures(link: CappedLink, plan: list[tuple[int, int]]) -> list[tuple[int, int]]:
    now_us = 0
    for gap_us, size in plan:
        now_us += gap_us
        link.offer(bytes(size), now_us)
    return [(d.at_us, wire_bytes(len(d.message))) for d in link.release(10**12)]


@settings(max_examples=200, deadline=None)
@given(offers)
def test_no_window_exceeds_the_cap(plan: list[tuple[int, int]]) -> None:
    left = departures(CappedLink(CAP_BPS), plan)
    assert len(left) == len(plan)
    for seconds, share in ((2, 1.05), (5, 1.0)):
        for start, _ in left:
            inside = sum(size for at, size in left if start <= at < start + seconds * 1_000_000)
            assert 8 * inside <= CAP_BPS * seconds * share + 1


@given(offers)
def test_order_is_kept_and_no_message_leaves_before_the_line_could_carry_it(
    plan: list[tuple[int, int]],
) -> None:
    link, now_us, earliest = CappedLink(CAP_BPS), 0, []
    for gap_us, size in plan:
        now_us += gap_us
        link.offer(bytes(size), now_us)
        earliest.append(now_us + 8 * wire_bytes(size) * 1_000_000 // CAP_BPS)
    left = link.release(10**12)
    times = [d.at_us for d in left]
    assert times == sorted(times)
    assert all(at >= soonest for at, soonest in zip(times, earliest, strict=True))


def test_a_line_with_room_is_used() -> None:
    """Back to back messages fill the line to within a few per cent of the cap."""
    link = CappedLink(CAP_BPS)
    for _ in range(200):
        link.offer(bytes(100), 0)
    left = link.release(20_000_000)
    carried = 8 * sum(wire_bytes(len(d.message)) for d in left)
    assert 0.94 * CAP_BPS * 20 <= carried <= CAP_BPS * 20


def test_release_gives_each_message_once_and_only_when_due() -> None:
    link = CappedLink(CAP_BPS)
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
    link = CappedLink(CAP_BPS)
    for _ in range(50):
        link.offer(bytes(100), 0)
    first = link.release(200_000)
    assert first
    link.clear()
    assert link.release(10**9) == []
    assert link.backlog_us(200_000) == 0
    link.offer(b"again", 1_000_000)
    assert [d.message for d in link.release(2_000_000)] == [b"again"]


def test_a_handshake_is_billed_to_the_first_message() -> None:
    plain, owing = CappedLink(CAP_BPS), CappedLink(CAP_BPS)
    owing.owe(500)
    for link in (plain, owing):
        link.offer(bytes(42), 0)
        link.offer(bytes(42), 0)
    first, second = plain.release(10**9)
    late_first, late_second = owing.release(10**9)
    assert late_first.at_us - first.at_us == pytest.approx(8 * 500 / (0.97 * CAP_BPS) * 1e6, abs=2)
    assert late_second.at_us - late_first.at_us == second.at_us - first.at_us


def test_without_a_cap_messages_leave_at_once() -> None:
    link = make_link(None)
    assert isinstance(link, OpenLink)
    link.offer(b"a", 5)
    assert link.backlog_us(5) == 0
    assert link.next_release_us == 5
    assert [d.message for d in link.release(5)] == [b"a"]
    assert link.next_release_us is None

"""A round takes all that waits while it can; beyond, sessions share it, and none is left out."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_decoder.backlog import MAX_TAKEN, Backlog, Work
from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.ingest.live import LiveSession
from narrowcast_decoder.shedding import PATIENCE_US, ROUND_US

CONTEXTS = RungContexts()


def session(name: str) -> LiveSession:
    return LiveSession(name, 0, 1, 0, None)


def add(
    backlog: Backlog, live: LiveSession, count: int, at_us: int = 0, fate: Fate = Fate.CODED
) -> None:
    frames = [TakenFrame(seq, 0, fate, 0) for seq in range(live.next_seq, live.next_seq + count)]
    live.next_seq += count
    backlog.add(live, [Work(live, CONTEXTS, frame, at_us) for frame in frames])


def fates(taken: list[Work], live: LiveSession) -> list[Fate]:
    return [work.frame.fate for work in taken if work.session is live]


def test_all_is_taken_where_there_is_room() -> None:
    backlog, a, b = Backlog(), session("a"), session("b")
    add(backlog, a, 3)
    add(backlog, b, 2)
    add(backlog, a, 1)
    assert len(backlog) == 6
    taken = backlog.take(6, 10 * PATIENCE_US)
    assert [(work.session.name, work.frame.seq) for work in taken] == [
        ("a", 0), ("a", 1), ("a", 2), ("a", 3), ("b", 0), ("b", 1),
    ]  # fmt: skip
    assert {work.frame.fate for work in taken} == {Fate.CODED}
    assert len(backlog) == 0
    assert backlog.take(6, 0) == []


def test_frames_that_nobody_reads_need_no_room() -> None:
    backlog, live = Backlog(), session("a")
    add(backlog, live, 500, fate=Fate.NO_FACE)
    add(backlog, live, 2)
    assert len(backlog.take(2, 10 * PATIENCE_US)) == 502


def test_late_frames_of_a_full_round_are_shed_the_oldest_first() -> None:
    backlog, a, b = Backlog(), session("a"), session("b")
    add(backlog, a, 4)
    add(backlog, b, 1)
    taken = backlog.take(3, 2 * PATIENCE_US)
    assert fates(taken, a) == [Fate.SHED, Fate.SHED, Fate.CODED, Fate.CODED]
    assert fates(taken, b) == [Fate.CODED]


def test_fresh_frames_of_a_full_round_stay() -> None:
    backlog, live = Backlog(), session("a")
    add(backlog, live, 5)
    assert fates(backlog.take(3, 0), live) == [Fate.CODED] * 3
    assert len(backlog) == 2
    assert [work.frame.seq for work in backlog.take(3, 0)] == [3, 4]


def test_a_round_is_bounded_and_goes_on_where_it_stopped() -> None:
    backlog, a, b = Backlog(), session("a"), session("b")
    add(backlog, a, 3 * MAX_TAKEN, fate=Fate.LOST)
    add(backlog, b, 10, fate=Fate.LOST)
    taken = backlog.take(None, 0)
    assert len(taken) == MAX_TAKEN
    assert len(fates(taken, b)) == 10
    rest = [work.frame.seq for _ in range(3) for work in backlog.take(None, 0)]
    assert rest == list(range(MAX_TAKEN - 10, 3 * MAX_TAKEN))
    assert len(backlog) == 0


def test_what_failed_sessions_left_is_dropped() -> None:
    backlog, good, bad = Backlog(), session("good"), session("bad")
    add(backlog, good, 1)
    add(backlog, bad, 5)
    bad.fail("the disk is on fire")
    assert [work.session for work in backlog.take(None, 0)] == [good]
    assert len(backlog) == 0


def test_what_is_told_late_is_never_shed() -> None:
    backlog, live = Backlog(), session("a")
    frames = [TakenFrame(seq, 0, Fate.CODED, 0, late=True) for seq in range(9)]
    backlog.add(live, [Work(live, CONTEXTS, frame, 0) for frame in frames])
    taken = [backlog.take(4, 100 * PATIENCE_US) for _ in range(3)]
    assert [len(each) for each in taken] == [4, 4, 1]
    assert {work.frame.fate for each in taken for work in each} == {Fate.CODED}


@pytest.mark.parametrize("sessions", [8, 200])
def test_at_twice_the_capacity_half_is_read_nobody_starves_and_no_frame_waits_for_long(
    sessions: int,
) -> None:
    """Rounds of 100 ms for half of what comes: 10 frames/s of each session, for 20 s."""
    backlog, room = Backlog(), sessions // 2
    lives = [session(str(i)) for i in range(sessions)]
    read: Counter[str] = Counter()
    waited_us: list[int] = []
    for turn in range(200):
        now_us = turn * ROUND_US
        for live in lives:
            add(backlog, live, 1, now_us)
        for work in backlog.take(room, now_us + ROUND_US):
            read[work.session.name] += work.frame.fate is Fate.CODED
            waited_us.append(now_us + ROUND_US - work.received_us)
    assert max(waited_us) <= ROUND_US + PATIENCE_US
    assert all(95 <= read[live.name] <= 105 for live in lives)


def test_a_greedy_session_takes_nothing_from_the_others() -> None:
    backlog, greedy, modest = Backlog(), session("greedy"), session("modest")
    modest_fates: list[Fate] = []
    for turn in range(50):
        now_us = turn * ROUND_US
        add(backlog, greedy, 100, now_us)
        add(backlog, modest, 2, now_us)
        modest_fates += fates(backlog.take(32, now_us + ROUND_US), modest)
    assert modest_fates == [Fate.CODED] * 100


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(1, 30), st.sampled_from([Fate.CODED, Fate.LOST])),
        max_size=40,
    ),
    st.integers(1, 40),
)
def test_every_frame_comes_out_once_and_in_order(
    arrivals: list[tuple[int, int, Fate]], room: int
) -> None:
    backlog, lives = Backlog(), [session(str(i)) for i in range(5)]
    seen: dict[LiveSession, list[int]] = {live: [] for live in lives}
    now_us = 0
    for index, count, fate in arrivals:
        add(backlog, lives[index], count, now_us, fate)
        now_us += PATIENCE_US // 3
        for work in backlog.take(room, now_us):
            seen[work.session].append(work.frame.seq)
    while len(backlog):
        for work in backlog.take(room, now_us):
            seen[work.session].append(work.frame.seq)
    for live in lives:
        assert seen[live] == list(range(live.next_seq))

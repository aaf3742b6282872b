"""Who is read where not all can be: fair, bounded, oldest first, and only under pressure."""

from hypothesis import given
from hypothesis import strategies as st

from narrowcast_decoder.shedding import (
    MIN_LEARNT,
    MIN_ROOM,
    PATIENCE_US,
    ROUND_US,
    Pace,
    Waiting,
    cut,
    parts,
)

counts = st.lists(st.integers(0, 50), max_size=20)
NOW_US = 10_000_000
fresh, late = NOW_US, NOW_US - PATIENCE_US - 1


@given(counts, st.integers(0, 400))
def test_all_the_room_is_dealt_out_and_nobody_gets_more_than_waits(
    waiting: list[int], room: int
) -> None:
    given_ = parts(waiting, room)
    assert sum(given_) == min(room, sum(waiting))
    assert all(0 <= part <= count for part, count in zip(given_, waiting, strict=True))


@given(counts, st.integers(0, 400))
def test_nobody_is_left_short_while_another_has_two_more(waiting: list[int], room: int) -> None:
    given_ = parts(waiting, room)
    most = max(given_, default=0)
    for part, count in zip(given_, waiting, strict=True):
        assert part == count or part >= most - 1


@given(counts, st.integers(0, 400))
def test_what_is_left_over_goes_to_the_first(waiting: list[int], room: int) -> None:
    short = [
        part for part, count in zip(parts(waiting, room), waiting, strict=True) if part < count
    ]
    assert short == sorted(short, reverse=True)


lines = st.lists(
    st.builds(
        Waiting,
        st.booleans(),
        st.one_of(st.none(), st.integers(NOW_US - 3 * PATIENCE_US, NOW_US)),
    ),
    max_size=40,
)


@given(lines, st.integers(0, 40))
def test_a_cut_reads_its_part_and_sheds_no_more_than_is_too_much(
    line: list[Waiting], part: int
) -> None:
    coded = sum(frame.is_coded for frame in line)
    part = min(part, coded)
    shed = cut(line, part, coded - part, NOW_US)
    taken = line[: len(shed)]
    read = sum(frame.is_coded and not gone for frame, gone in zip(taken, shed, strict=True))
    assert read <= part
    assert sum(shed) <= coded - part
    for frame, gone in zip(taken, shed, strict=True):
        assert not gone or (frame.is_coded and frame.since_us is not None)
        assert not gone or NOW_US - (frame.since_us or 0) > PATIENCE_US
    if len(taken) < len(line):  # what stays is led by a coded frame that is neither due nor late
        assert read == part
        assert line[len(taken)].is_coded


@given(st.lists(st.booleans(), max_size=40))
def test_with_room_for_all_nothing_is_shed(coded: list[bool]) -> None:
    line = [Waiting(is_coded, late) for is_coded in coded]
    assert cut(line, sum(coded), 0, NOW_US) == [False] * len(line)


def test_the_oldest_go() -> None:
    line = [Waiting(True, late), Waiting(False, late), Waiting(True, late), Waiting(True, fresh)]
    assert cut(line, 1, 2, NOW_US) == [True, False, True, False]


def test_what_came_just_now_waits_for_the_next_round() -> None:
    line = [Waiting(True, fresh), Waiting(False, fresh), Waiting(True, fresh)]
    assert cut(line, 1, 1, NOW_US) == [False, False]


def test_what_has_no_haste_waits_and_is_not_shed() -> None:
    assert cut([Waiting(True, None)] * 3, 1, 2, NOW_US) == [False]


def test_nothing_is_known_before_the_first_full_round() -> None:
    pace = Pace()
    pace.learn(MIN_LEARNT - 1, 1)
    assert pace.room is None


def test_room_is_what_a_round_has_time_for() -> None:
    pace = Pace()
    pace.learn(100, ROUND_US // 2)
    assert pace.room == 200


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 10**8)), min_size=1))
def test_whatever_rounds_take_some_are_read(rounds: list[tuple[int, int]]) -> None:
    pace = Pace()
    for chips, took_us in rounds:
        pace.learn(chips, took_us)
    assert pace.room is None or pace.room >= MIN_ROOM


def test_a_pause_of_the_machine_is_forgotten() -> None:
    pace = Pace()
    for _ in range(4):
        pace.learn(100, ROUND_US // 4)
    before = pace.room
    pace.learn(100, 20 * ROUND_US)
    assert before == 400
    assert pace.room == MIN_ROOM
    for _ in range(20):  # a second of rounds
        pace.learn(100, ROUND_US // 4)
    assert pace.room is not None
    assert pace.room > 0.8 * before

"""What is kept for later: every frame once, in order, within bounds."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from narrowcast_encoder.session.held import HELD_PX, RUNS_PER_CHIP, HeldFrames, HeldRun
from narrowcast_encoder.session.spacing import MAX_RUN_FRAMES, TIME_ERROR_TICKS
from narrowcast_shared.wire.messages import FrameKind


def chip(value: int = 0, px: int = 96) -> NDArray[np.uint8]:
    return np.full((px, px), value % 256, dtype=np.uint8)


def seqs(runs: list[HeldRun]) -> list[int]:
    return [run.first_seq + index for run in runs for index in range(run.frames)]


def with_chips(held: HeldFrames) -> list[int]:
    return [run.first_seq for run in held if run.chip is not None]


def test_frames_without_a_chip_are_one_run_a_kind() -> None:
    held = HeldFrames()
    for seq in range(5):
        held.add(seq, 400 * seq, FrameKind.NO_FACE)
    held.add(5, 2000, FrameKind.SKIPPED, chip(9))
    for seq in range(6, 9):
        held.add(seq, 400 * seq, FrameKind.SKIPPED)
    held.add(20, 8000, FrameKind.SKIPPED)
    runs = list(held)
    assert [(run.first_seq, run.frames) for run in runs] == [(0, 5), (5, 1), (6, 3), (20, 1)]
    assert [frame.ticks for frame in runs[0].told()] == [0, 400, 800, 1200, 1600]
    assert {frame.kind for frame in runs[0].told()} == {FrameKind.NO_FACE}


def test_chips_are_kept_small() -> None:
    held = HeldFrames()
    held.add(0, 0, FrameKind.SKIPPED, chip(7))
    held.add(1, 0, FrameKind.SKIPPED, chip(8, px=24))
    first, second = held
    assert first.chip is not None
    assert second.chip is not None
    assert first.chip.shape == (HELD_PX, HELD_PX)
    assert (int(first.chip.min()), int(first.chip.max())) == (7, 7)
    assert second.chip.shape == (24, 24)


def test_beyond_the_bound_the_older_half_is_thinned_and_nothing_vanishes() -> None:
    held = HeldFrames(max_chips=8)
    for seq in range(8):
        held.add(seq, seq, FrameKind.SKIPPED, chip(seq))
    assert with_chips(held) == list(range(8))
    held.add(8, 8, FrameKind.SKIPPED, chip(8))
    assert with_chips(held) == [1, 3, 4, 5, 6, 7, 8]
    for seq in range(9, 200):
        held.add(seq, seq, FrameKind.SKIPPED, chip(seq))
    assert held.chips <= 8
    assert seqs(list(held)) == list(range(200))
    older, newer = with_chips(held)[:2], with_chips(held)[-2:]
    assert older[1] - older[0] > newer[1] - newer[0]


def test_a_face_that_comes_and_goes_for_hours_stays_within_bounds() -> None:
    held = HeldFrames(max_chips=4)
    for seq in range(1000):
        kind = FrameKind.NO_FACE if seq % 2 else FrameKind.SKIPPED
        held.add(seq, seq, kind)
        assert len(held) <= RUNS_PER_CHIP * 4
    assert seqs(list(held)) == list(range(1000))


def test_outages_without_end_drop_the_oldest() -> None:
    held = HeldFrames(max_chips=4)
    for seq in range(0, 200, 2):
        held.add(seq, seq, FrameKind.SKIPPED)
    assert seqs(list(held)) == list(range(168, 200, 2))


def test_what_is_stored_is_dropped_within_a_run_too() -> None:
    held = HeldFrames()
    for seq in range(10):
        held.add(seq, 400 * seq, FrameKind.NO_FACE)
    held.drop_below(4)
    (run,) = held
    assert [frame.ticks for frame in run.told()] == [400 * seq for seq in range(4, 10)]
    held.drop_below(10)
    assert not held


def test_what_was_taken_may_come_back_in_its_place() -> None:
    held = HeldFrames()
    for seq in range(4):
        held.add(seq, seq, FrameKind.SKIPPED, chip(seq))
    taken = held.take(2)
    assert seqs(taken) == [0, 1]
    assert held.chips == 2
    held.merge(taken)
    assert seqs(list(held)) == [0, 1, 2, 3]


def test_without_chips_all_is_told_in_a_few_runs() -> None:
    held = HeldFrames()
    for seq in range(MAX_RUN_FRAMES + 5):
        held.add(seq, seq, FrameKind.SKIPPED, chip(seq) if seq % 12 == 0 else None)
    held.drop_chips()
    assert (held.chips, len(held)) == (0, 2)
    assert seqs(list(held)) == list(range(MAX_RUN_FRAMES + 5))


whats = st.lists(st.sampled_from(["chip", "no_face", "skipped", "gap"]), max_size=120)


@example(["chip", "gap", "chip", "gap", "chip", "chip", "no_face", "chip"], 1)
@given(whats, st.integers(1, 6))
def test_every_frame_is_held_once_in_order(plan: list[str], max_chips: int) -> None:
    held, small, expected, dropped = HeldFrames(max_chips), chip(px=4), [], 0
    for seq, what in enumerate(plan):
        if what == "gap":
            continue
        kind = FrameKind.NO_FACE if what == "no_face" else FrameKind.SKIPPED
        held.add(seq, 10 * seq, kind, small if what == "chip" else None)
        expected.append(seq)
        found = seqs(list(held))
        assert held.chips == len(with_chips(held)) <= max_chips
        assert len(held) <= RUNS_PER_CHIP * max_chips
        assert found == expected[len(expected) - len(found) :]
        if len(expected) - len(found) > dropped:
            assert len(held) == RUNS_PER_CHIP * max_chips, "dropped with room left"
            dropped = len(expected) - len(found)
    found = seqs(list(held))
    ticks = [frame.ticks for run in held for frame in run.told()]
    assert ticks == sorted(ticks)
    assert all(abs(tick - 10 * seq) < 10 for tick, seq in zip(ticks, found, strict=True))


@pytest.mark.parametrize("late_tick", [2_000, 300_000])
def test_a_pause_or_another_frame_rate_puts_no_frame_at_a_wrong_time(late_tick: int) -> None:
    held, true = HeldFrames(), []
    for seq in range(400):
        jitter = seq * 7919 % 50 - 25
        true.append(333 * seq + (late_tick if seq >= 100 else 0) + 300 * max(0, seq - 200) + jitter)
        held.add(seq, true[seq], FrameKind.NO_FACE)
    told = [frame.ticks for run in held for frame in run.told()]
    assert max(abs(a - b) for a, b in zip(told, true, strict=True)) <= TIME_ERROR_TICKS + 1
    assert len(held) <= 5
    held.drop_below(150)
    assert next(iter(held)).first_ticks == pytest.approx(true[150], abs=TIME_ERROR_TICKS + 1)

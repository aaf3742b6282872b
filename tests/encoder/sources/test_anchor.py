"""Clocks of streams, in simulated time: bursts, stalls, drift, jumps, sleep of the machine."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from narrowcast_encoder.sources.anchor import (
    JUMP_S,
    MAX_BEHIND_S,
    CaptureClock,
    Playback,
    Step,
    Thinner,
)

PERIOD_S = 0.04
UNIX_S = 1_700_000_000.0


class Camera:
    """Frames captured at `UNIX_S + index * PERIOD_S`, and stamped by a clock of its own."""

    def __init__(self, origin_s: float, ppm: float = 0.0) -> None:
        self.origin_s = origin_s
        self.rate = 1 + ppm * 1e-6

    def captured_s(self, index: int) -> float:
        return UNIX_S + index * PERIOD_S

    def stamp_s(self, index: int) -> float:
        return self.origin_s + index * PERIOD_S * self.rate


def errors_s(
    clock: CaptureClock, camera: Camera, arrivals: Sequence[tuple[int, float]]
) -> list[float]:
    """What each frame's time is off by when it is known last of all, after all arrivals so far."""
    errors = []
    for index, arrived_s in arrivals:
        clock.arrived(camera.stamp_s(index), arrived_s)
        assert clock.epoch is not None
        captured_s = clock.epoch.captured_s(camera.stamp_s(index))
        assert captured_s <= arrived_s + 1e-6, "captured before it arrived"
        errors.append(captured_s - camera.captured_s(index))
    return errors


def with_gaps(
    camera: Camera, frames: int, gaps: Sequence[tuple[int, float]], jitter: Random, delay_s: float
) -> list[tuple[int, float]]:
    """Arrivals in order, where nothing is let through for some seconds from some frames on."""
    arrivals, blocked_until_s, last_s = [], 0.0, 0.0
    starts = dict(gaps)
    for index in range(frames):
        captured_s = camera.captured_s(index)
        if index in starts:
            blocked_until_s = captured_s + starts[index]
        arrived_s = max(captured_s + delay_s + jitter.uniform(0, 0.03), blocked_until_s, last_s)
        last_s = arrived_s
        arrivals.append((index, arrived_s))
    return arrivals


@settings(max_examples=25, deadline=None)
@given(
    st.floats(-1e6, 1e6),
    st.floats(-200, 200),
    st.lists(st.tuples(st.integers(25, 900), st.floats(0, 20)), max_size=4),
    st.integers(0, 99),
)
def test_bursts_and_stalls_never_change_what_a_frame_was_captured_at(
    origin_s: float, ppm: float, gaps: list[tuple[int, float]], seed: int
) -> None:
    """Frames held up on the way for up to 20 s come with the time at which they were captured."""
    camera = Camera(origin_s, ppm)
    arrivals = with_gaps(camera, 1000, gaps, Random(seed), delay_s=0.1)
    errors = errors_s(CaptureClock(), camera, arrivals)
    assert all(0.05 < error < 0.2 for error in errors[25:])


@settings(max_examples=25, deadline=None)
@given(st.floats(1, 15), st.integers(0, 99))
def test_a_backlog_at_the_beginning_is_recognised(backlog_s: float, seed: int) -> None:
    """A server sends what it has kept first: once that is over, all times are right."""
    camera, jitter = Camera(77.0), Random(seed)
    clock, kept = CaptureClock(), round(backlog_s / PERIOD_S)
    opened_s = camera.captured_s(kept)
    settled = False
    for index in range(kept + 50):
        arrived_s = max(opened_s + 0.001 * index, camera.captured_s(index))
        arrived_s += jitter.uniform(0, 0.01)
        clock.arrived(camera.stamp_s(index), arrived_s)
        settled |= clock.is_settled(arrived_s)
        assert not settled or index > kept
    assert settled
    assert clock.epoch is not None
    assert abs(clock.epoch.captured_s(camera.stamp_s(0)) - camera.captured_s(0)) < 0.02


@settings(max_examples=25, deadline=None)
@given(st.floats(0.5, 3600))
def test_a_stream_that_pauses_is_followed_from_where_it_goes_on(paused_s: float) -> None:
    """Its own clock stands still meanwhile: after two seconds its frames are those of now."""
    camera, clock = Camera(5.0), CaptureClock()
    steps = []
    for index in range(250):
        shift_s = paused_s if index >= 100 else 0.0
        arrived_s = camera.captured_s(index) + 0.05 + shift_s
        steps.append(clock.arrived(camera.stamp_s(index), arrived_s))
    assert steps.count(Step.RENEWED) == 1
    assert steps.index(Step.RENEWED) * PERIOD_S - 4.0 < 2.1
    assert clock.epoch is not None
    assert abs(clock.epoch.captured_s(camera.stamp_s(249)) - arrived_s) < 0.01


@settings(max_examples=25, deadline=None)
@given(st.floats(JUMP_S + 1, 1e6) | st.floats(-1e6, -1))
def test_a_jump_of_time_stamps_is_told_and_passed(jump_s: float) -> None:
    camera, clock = Camera(2e6), CaptureClock()
    for index in range(200):
        stamp_s = camera.stamp_s(index) + (jump_s if index >= 100 else 0.0)
        arrived_s = camera.captured_s(index) + 0.05
        step = clock.arrived(stamp_s, arrived_s)
        assert step is (Step.JUMPED if index == 100 else Step.STEADY)
        assert clock.epoch is not None
        assert abs(clock.epoch.captured_s(stamp_s) - camera.captured_s(index)) < 0.06


def test_pictures_that_come_before_those_they_are_shown_after_are_no_jump() -> None:
    """B pictures: the order of decoding is not that of showing, and only the former is steady."""
    camera, clock = Camera(3.0), CaptureClock()
    for index in range(0, 300, 3):
        for place, shown in enumerate((index + 2, index, index + 1)):
            arrived_s = camera.captured_s(index + 2) + 0.05 + 0.001 * place
            order_s = camera.stamp_s(index + place) - 0.1
            assert clock.arrived(camera.stamp_s(shown), arrived_s, order_s) is Step.STEADY
            assert clock.epoch is not None
            captured_s = clock.epoch.captured_s(camera.stamp_s(shown))
            assert abs(captured_s - camera.captured_s(shown)) < 0.06


@settings(max_examples=25, deadline=None)
@given(st.floats(2, 10), st.integers(0, 99))
def test_segments_are_stamped_with_their_capture_and_played_evenly(
    segment_s: float, seed: int
) -> None:
    """Live HLS: three segments at first, then each once it is complete, and found a bit later."""
    camera, jitter = Camera(0.0), Random(seed)
    clock, per_segment = CaptureClock(segmented=True), round(segment_s / PERIOD_S)
    due: list[float] = []
    arrivals: list[float] = []
    for index in range(12 * per_segment):
        number = index // per_segment
        if index % per_segment == 0:
            complete_s = camera.captured_s((max(number, 2) + 1) * per_segment)
            found_s = complete_s + (0.0 if number < 3 else jitter.uniform(0, 0.4 * segment_s))
        arrived_s = found_s + 0.001 * (index % per_segment) + (0.3 * min(number, 2))
        clock.arrived(camera.stamp_s(index), arrived_s)
        if number >= 6:
            assert clock.is_settled(arrived_s + 1)
            assert clock.epoch is not None
            error_s = clock.epoch.captured_s(camera.stamp_s(index)) - camera.captured_s(index)
            assert 0 < error_s < 0.3 * segment_s + 1.0
            due.append(max(arrived_s, clock.epoch.due_s(camera.stamp_s(index))))
            arrivals.append(arrived_s)
    waits = [after - before for before, after in pairwise(due)]
    assert sorted(waits)[len(waits) // 2] < 2 * PERIOD_S
    assert sum(wait > 0.5 * segment_s for wait in waits) <= 2, "played evenly, not in bursts"
    assert max(when - came for when, came in zip(due, arrivals, strict=True)) < 2 * segment_s + 1


class Machine:
    """Plays a recording with `Playback` and `Thinner`, in simulated time."""

    def __init__(self, decode_s: float, look_s: float, period_s: float = 1 / 30) -> None:
        self.decode_s, self.look_s, self.period_s = decode_s, look_s, period_s
        self.now_s = 0.0
        self.playback, self.thinner = Playback(0.0), Thinner()
        self.looked: list[float] = []
        self.looked_at: list[float] = []
        self.stamps: list[float] = []
        self.put_off_s = 0.0
        self.slow = False

    def play(self, frames: range, blocked: Sequence[tuple[int, float]] = ()) -> None:
        stalls = dict(blocked)
        for index in frames:
            t_s = index * self.period_s
            self.now_s += self.decode_s + stalls.get(index, 0.0)
            put_off_s = self.playback.read(t_s, self.now_s)
            if put_off_s:
                self.put_off_s += put_off_s
                self.thinner.reset()
            due_s = self.playback.due_s(t_s)
            late_s = max(0.0, self.now_s - due_s)
            self.now_s = max(self.now_s, due_s)
            if self.thinner.looks_at(t_s, late_s):
                self.now_s += self.look_s
                self.looked.append(t_s)
                self.looked_at.append(due_s)
            self.slow |= self.playback.is_slow or self.thinner.is_slow
            self.stamps.append(due_s)


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 0.03), st.floats(0, 0.4))
def test_however_slow_the_machine_every_second_is_looked_at(decode_s: float, look_s: float) -> None:
    machine = Machine(decode_s, look_s)
    machine.play(range(900))
    gaps = [after - before for before, after in pairwise(machine.looked)]
    assert max(gaps, default=0) < 0.35
    assert machine.stamps == sorted(machine.stamps)
    load = (decode_s + look_s) / machine.period_s
    if load > 1.3:
        assert machine.slow
    if load < 0.95:
        assert not machine.slow
        assert len(machine.looked) == 900
        assert machine.put_off_s == 0


def test_frames_are_left_out_evenly() -> None:
    machine = Machine(decode_s=0.002, look_s=0.06)
    machine.play(range(1800))
    late = [t_s for t_s in machine.looked if t_s > 10]
    counts = [sum(second <= t_s < second + 1 for t_s in late) for second in range(10, 59)]
    assert min(counts) >= 8
    assert max(counts) <= 24
    assert machine.put_off_s == 0, "it keeps up, by leaving frames out"
    assert machine.slow


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 8 * 3600))
def test_a_pipe_that_stalls_or_a_machine_that_sleeps_costs_what_it_lasts(stalled_s: float) -> None:
    """Behind it every frame is looked at again, within seconds, and none before its time."""
    machine = Machine(decode_s=0.001, look_s=0.005)
    machine.play(range(600), [(100, stalled_s)])
    behind = [t_s for t_s in machine.looked if t_s > 100 / 30 + 5]
    assert len(behind) >= 345
    assert not machine.slow
    assert machine.put_off_s <= stalled_s


def test_a_pipe_at_its_own_speed_is_followed_after_a_stall() -> None:
    """A live source behind a pipe stays late by its stall: it cannot be read any faster."""
    playback, thinner = Playback(0.0), Thinner()
    looked = []
    for index in range(900):
        now_s = index / 30 + (0.8 if index >= 100 else 0.0)
        if playback.read(index / 30, now_s):
            thinner.reset()
        if thinner.looks_at(index / 30, max(0.0, now_s - playback.due_s(index / 30))):
            looked.append(index)
    assert [index for index in looked if index > 200] == list(range(201, 900))
    assert not playback.is_slow


def test_a_machine_that_cannot_even_decode_plays_slower_and_says_so() -> None:
    machine = Machine(decode_s=0.1, look_s=0.05, period_s=1 / 60)
    machine.play(range(432))
    assert machine.slow
    assert len(machine.looked) >= 4 * 7
    assert machine.put_off_s > MAX_BEHIND_S
    gaps = [after - before for before, after in pairwise(machine.looked_at)]
    assert max(gaps[40:]) < 1, "every second of the session has some"
    late_s = machine.now_s - machine.stamps[-1]
    assert late_s < MAX_BEHIND_S + 1, "what it shows is of now"

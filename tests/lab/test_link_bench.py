"""Figures of `narrowcast bench link`: the hold, windows, shares, delays, JPEG's ratio."""

from collections import Counter
from collections.abc import Sequence
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from narrowcast_encoder.rate.table import Row, Source, Table
from narrowcast_encoder.session.settings import StreamSettings
from narrowcast_lab.link_bench import contenders, delays, jpeg, operating, pinned, steps, wire
from narrowcast_lab.link_bench.contenders import Baselines
from narrowcast_lab.link_bench.delays import Arrival, Outage
from narrowcast_lab.link_bench.footage import Clip, Footage, join
from narrowcast_lab.link_bench.hold import hold, split
from narrowcast_lab.link_bench.jpeg import JpegPoint, JpegRatio
from narrowcast_lab.link_bench.motion import moving_seconds
from narrowcast_lab.link_bench.pinned import Budget, Costed, Pinned
from narrowcast_lab.link_bench.play import Departure, bill, play, play_apart
from narrowcast_lab.link_bench.spread import ahead
from narrowcast_lab.link_bench.stepping import SteppingController
from narrowcast_lab.link_bench.valence import Reference, causal_mean, reference
from narrowcast_models.recogniser import CodedChip, Reading, Recogniser
from narrowcast_shared import metrics
from narrowcast_shared.link import LinkSettings, Trace, constant, parse_schedule
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.samples import Sample, Status
from narrowcast_shared.wire.cost import OPENING_BYTES

S = 1_000_000  # in us
TABLE = Table(
    (2_000.0, 16_000.0),
    (Row(Rung(96, 42), 25, 300, (0.2, 0.9)), Row(Rung(16, 24), 20, 100, (0.5, 0.6))),
    Source("m", "0", "0", "narrowcast rd", {}),
)


def ok(seq: int, latency_ms: float = 100.0, px: int = 48, qp: int = 36) -> Sample:
    """A sample that was read of frame `seq` at 25 fps."""
    return Sample(
        id=1,
        session="a",
        seq=seq,
        t=seq / 25,
        status=Status.OK,
        valence=0.5,
        px=px,
        qp=qp,
        latency_ms=latency_ms,
    )


def skipped(seq: int) -> Sample:
    return Sample(id=1, session="a", seq=seq, t=seq / 25, status=Status.SKIPPED)


@pytest.mark.parametrize(
    ("frames", "values", "held"),
    [
        ([], [], [0, 0, 0, 0, 0]),
        ([0], [0.5], [0.5, 0.5, 0.5, 0.5, 0.5]),
        ([1, 3], [0.5, -0.25], [0, 0.5, 0.5, -0.25, -0.25]),
        ([4], [1.0], [0, 0, 0, 0, 1]),
        ([1, 2], [0.5, 0.0], [0, 0.5, 0, 0, 0]),
    ],
)
def test_the_newest_reading_is_held(
    frames: list[int], values: list[float], held: list[float]
) -> None:
    assert hold(frames, values, 5).tolist() == held


def test_what_comes_after_a_later_frame_is_backfilled() -> None:
    series = [ok(0), skipped(1), ok(6), ok(3), skipped(4), ok(5), ok(7)]
    live, backfilled = split(series)
    assert [sample.seq for sample in live] == [0, 6, 7]
    assert [sample.seq for sample in backfilled] == [3, 5]


def test_a_skipped_frame_is_newer_than_what_follows_it() -> None:
    assert [s.seq for s in split([skipped(9), ok(8)]).backfilled] == [8]


departures = st.lists(
    st.tuples(st.integers(0, 20 * S), st.integers(58, 900)), min_size=1, max_size=30
).map(lambda pairs: [Departure(*pair) for pair in sorted(pairs)])


@given(departures, st.sampled_from([2 * S, 5 * S]))
def test_the_busiest_window_is_found(sent: list[Departure], window_us: int) -> None:
    def held(start_us: int) -> int:
        return sum(size for at_us, size in sent if start_us <= at_us < start_us + window_us)

    begun = [held(at_us) for at_us, _ in sent]
    ended = [held(at_us - window_us + 1) for at_us, _ in sent]
    assert wire.busiest_bps(sent, window_us) == round(8e6 * max(begun + ended) / window_us)


def test_messages_two_seconds_apart_share_no_window_of_two() -> None:
    assert wire.busiest_bps([Departure(0, 500), Departure(2 * S, 500)], 2 * S) == 2000
    assert wire.busiest_bps([Departure(0, 500), Departure(2 * S - 1, 500)], 2 * S) == 4000
    assert wire.busiest_bps([], 2 * S) == 0


def test_shares_of_a_capacity_that_steps() -> None:
    capacity = parse_schedule("16k,1s:0,2s:8k")
    sent = [Departure(500_000, 1000), Departure(2_500_000, 480), Departure(4 * S, 999)]
    moving = np.array([False, False, True, True])
    found = wire.figures(sent, capacity, 4 * S, moving)
    assert found.wire_bps_mean == round(8 * (1480 + OPENING_BYTES) / 4)
    assert found.cap_used == pytest.approx(8 * (1480 + OPENING_BYTES) / 32_000)
    assert found.cap_used_moving == pytest.approx(8 * 480 / 16_000)
    assert wire.bits_by_second(sent, 4).tolist() == [8000, 0, 3840, 0]
    assert wire.capacity_by_second(capacity, 4).tolist() == [16_000, 0, 8000, 8000]


def test_without_motion_or_a_cap_there_is_no_share() -> None:
    still = np.zeros(2, dtype=bool)
    assert wire.figures([], constant(8000), 2 * S, still).cap_used_moving is None
    assert wire.figures([], None, 2 * S, still).cap_used is None


def test_acknowledgements_of_reports_are_billed_when_they_leave() -> None:
    assert bill([(10, 100), (30, 126)], [15, 30]) == [
        Departure(10, 158),
        Departure(15, 52),
        Departure(30, 52),
        Departure(30, 186),
    ]


def test_delays_of_live_readings() -> None:
    live = [ok(seq, latency_ms=float(seq)) for seq in range(101)]
    found = delays.figures(live, [Outage(0, S, 0.5), Outage(2 * S, 3 * S, None), Outage(4, 5, 1.5)])
    assert found == (50, 95, 99, 100, 1.5)
    assert delays.figures([], []) == (None, None, None, None, None)


@pytest.mark.parametrize(
    ("cap_bps", "bound_ms"),
    [(1000, 1200), (2000, 1200), (3999, 800), (4000, 600), (12_000, 400), (64_000, 300)],
)
def test_the_bound_is_that_of_the_cap(cap_bps: int, bound_ms: float) -> None:
    assert delays.bound_ms(constant(cap_bps), 0) == bound_ms
    assert delays.bound_ms(constant(cap_bps), 40_000) == bound_ms + 40


def test_outages_of_a_trace_and_of_a_schedule() -> None:
    times_ms = [*range(100, 2000, 100), *range(5000, 6000, 100), 6900, 8000]
    found = delays.outages(Trace("t", times_ms), 8 * S)
    assert found == [Outage(1_900_000, 5 * S), Outage(6_900_000, 8 * S)]
    down_twice = parse_schedule("16k,5s:0,7s:16k,10s:loop")
    assert delays.outages(down_twice, 20 * S) == [
        Outage(5 * S, 7 * S + 1),  # when the first bit has moved
        Outage(15 * S, 17 * S + 1),
    ]
    assert delays.outages(parse_schedule("0,3s:8k"), 10 * S) == [Outage(0, 3 * S + 1)]
    assert delays.outages(parse_schedule("8k,5s:0,6s:8k"), 10 * S) == []


def test_a_line_that_stays_down_is_out_to_the_end() -> None:
    (found,) = delays.outages(parse_schedule("8k,5s:0"), 10 * S)
    assert found.start_us == 5 * S
    assert delays.felt([found], [], 400, 10 * S) == []


def felt_s(arrived: Sequence[tuple[float, float]], until_s: int = 20) -> float | None:
    """Of an outage from 5 to 10 s, with a bound of 400 ms."""
    pairs = [Arrival(*pair) for pair in arrived]
    (found,) = delays.felt([Outage(5 * S, 10 * S)], pairs, 400, until_s * S)
    return found.felt_s


def test_an_outage_is_felt_until_delay_stays_in_bound() -> None:
    assert felt_s([(4, 9e3), (10.5, 200), (11, 200)]) == 0.5
    assert felt_s([(10.5, 900), (10.9, 300), (11.2, 900), (11.5, 300), (12.5, 300)]) == 1.5
    assert felt_s([(10.5, 300), (11.6, 900), (12, 300)]) == 0.5  # calm for a second: another cause
    assert felt_s([(10.5, 900), (12, 900)]) == 10  # never in bound
    assert felt_s([]) == 10  # a silent line is not back
    assert felt_s([(10.5, 900)], until_s=11) is None


def test_seconds_tell_the_operating_point() -> None:
    live = [ok(0, 120), ok(1, 80), ok(2, 100), ok(3, 60, px=32), ok(50, 10), ok(999)]
    first, second, third = operating.by_second(live, 3)
    assert first == operating.Second(48, 36, 4, 2.0, 120)
    assert second == operating.Second()
    assert third == operating.Second(48, 36, 1, 1.0, 10)
    assert operating.rung_shares(live[:4]) == {"48/36": 0.75, "32/36": 0.25}
    assert operating.rung_switches(live) == 2


def point(fps: float, wire_bps: int, kept: float) -> JpegPoint:
    return JpegPoint(48, 30, fps, wire_bps, kept, kept)


def test_the_ratio_is_of_the_cheapest_jpeg_that_keeps_as_much() -> None:
    points = [point(25, 90_000, 0.9), point(25, 150_000, 0.95), point(5, 20_000, 0.9)]
    assert jpeg.ratio(points, 0.9, 10_000) == JpegRatio(9, 2)
    assert jpeg.ratio(points, 0.92, 10_000) == JpegRatio(15, 15)
    assert jpeg.ratio(points, 0.96, 10_000) == JpegRatio(None, None)
    assert jpeg.ratio([], 0.5, 10_000) == JpegRatio(None, None)


def test_kept_is_a_share_of_what_uncoded_readings_reach() -> None:
    has_face = np.array([True, False, True, True])
    truth = np.array([-0.5, 0.0, 0.5])
    reference = Reference(has_face, truth, truth, 0.8)
    found = reference.compare(np.array([-0.5, 0.9, 0.0, 0.5]))
    assert (found.ccc, found.rmse, found.ccc_kept) == (1, 0, 1.25)
    worse = reference.compare(np.array([-0.5, 0.9, 0.5, 0.0]))
    assert worse.ccc == worse.fidelity == pytest.approx(0.5)
    assert worse.rmse == pytest.approx(np.sqrt(1 / 6), abs=1e-4)


def test_a_causal_mean_takes_what_there_is() -> None:
    values = np.array([1.0, 3.0, 5.0, 1.0])
    assert causal_mean(values, 2).tolist() == [1, 2, 4, 3]
    assert causal_mean(values, 25).tolist() == [1, 2, 3, 2.5]


def test_fidelity_of_means_over_a_second_by_hand() -> None:
    """Two clips of 30 and 3 frames, one of them without a face. Readings are 0 but for the first of
    each clip, 26 and 2. Held: 0 and 1 there.

    Means over 1 s, uncoded: 26/1, 26/2 ... 26/25, then 0 five times; 2, 1. Held: all 0; 1, 1/2.
    """
    has_face = np.array([True] * 30 + [True, False, True])
    uncoded = np.zeros(32)
    uncoded[0], uncoded[30] = 26, 2
    found = Reference(has_face, uncoded, uncoded, 1, starts=(0, 30))
    series = np.zeros(33)
    series[30] = 1
    means = np.array([*(26 / n for n in range(1, 26)), 0, 0, 0, 0, 0, 2, 1])
    held = np.array([0.0] * 30 + [1, 0.5])
    expected = metrics.score(held, means).ccc
    assert found.compare(series).fidelity_1s == pytest.approx(expected, abs=1e-4)
    # One recording: the mean would run on over the joint.
    joined = found._replace(starts=(0,)).compare(series).fidelity_1s
    assert joined != pytest.approx(expected, abs=1e-4)


def test_what_changes_within_a_second_is_no_part_of_fidelity_1s() -> None:
    slow = np.repeat([0.5, -0.5], 250)
    flutter = 0.4 * np.tile([1.0, -1.0], 250)
    found = Reference(np.ones(500, dtype=bool), slow + flutter, slow, 1).compare(slow)
    assert found.fidelity < 0.8
    assert found.fidelity_1s > 0.99


def test_the_reference_knows_where_clips_begin() -> None:
    face = np.full((96, 96), 9, np.uint8)
    footage = join([Clip("a", [face, None, face]), Clip("b", [None, face])])
    assert footage.starts == (0, 3)
    assert reference(cast(Recogniser, Brightness()), footage).starts == (0, 3)


def test_ahead_by_the_difference_of_the_scores() -> None:
    rng = np.random.default_rng(1)
    truth = np.repeat(rng.uniform(-1, 1, 40), 75)
    ours = truth + rng.normal(0, 0.2, 3000)
    other = 0.4 * truth + np.repeat(rng.normal(0, 0.3, 40), 75)
    found = ahead(ours, other, truth)
    expected = metrics.score(ours, truth).ccc - metrics.score(other, truth).ccc
    assert found.ccc == pytest.approx(expected, abs=1e-4)
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < found.ccc < found.high
    behind = ahead(other, ours, truth)
    assert behind == pytest.approx((-found.ccc, -found.high, -found.low))
    assert ahead(np.zeros(3000), ours, truth).ccc == pytest.approx(
        -metrics.score(ours, truth).ccc, abs=1e-4
    )


def test_few_faces_leave_it_open() -> None:
    """Two controllers that are equally good in the long run, on six stretches."""
    rng = np.random.default_rng(2)
    truth = np.repeat(rng.uniform(-1, 1, 6), 125)
    first, second = (truth + np.repeat(rng.normal(0, 0.5, 6), 125) for _ in range(2))
    found = ahead(first, second, truth)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high


def test_footage_too_short_to_draw_from_has_no_bounds() -> None:
    """From three stretches the bounds would be the extremes, from one no width at all."""
    rng = np.random.default_rng(3)
    truth = rng.uniform(-1, 1, 500)
    ours, other = truth + 0.1, truth - 0.3
    assert ahead(ours, other, truth).low is not None
    for frames in (100, 375):
        found = ahead(ours[:frames], other[:frames], truth[:frames])
        assert found.ccc > 0
        assert (found.low, found.high) == (None, None)


def test_clips_are_joined_at_full_size() -> None:
    small, face = np.zeros((48, 48), np.uint8), np.full((96, 96), 9, np.uint8)
    labelled = Clip("a", [small, None], np.array([0.1, 0.2], np.float32))
    footage = join([labelled, Clip("b", [face], np.array([0.3], np.float32))])
    assert [None if chip is None else chip.shape for chip in footage.chips] == [
        (96, 96),
        None,
        (96, 96),
    ]
    assert footage.labels == pytest.approx([0.1, 0.2, 0.3])
    assert footage.has_face.tolist() == [True, False, True]
    assert footage.duration_us == 120_000
    assert join([labelled, Clip("c", [face])]).labels is None


def test_a_second_moves_by_its_median_frame() -> None:
    rng = np.random.default_rng(1)
    base = rng.integers(60, 190, (96, 96)).repeat(2, 0).repeat(2, 1)[:96, :96]

    def noisy(image: np.ndarray) -> np.ndarray:
        return np.clip(image + rng.normal(0, 2, (96, 96)), 0, 255).astype(np.uint8)

    resting = [noisy(base) for _ in range(25)]
    cut = [noisy(base[::-1])] + [noisy(base[::-1]) for _ in range(24)]
    swaying = [noisy(np.roll(base, 3 * index, axis=1)) for index in range(25)]
    gone = [None] * 25
    footage = Footage([*resting, *cut, *swaying, *gone], None)
    assert moving_seconds(footage).tolist() == [False, False, True, False]


def test_fixed_points_that_promise_most_of_what_the_line_carries() -> None:
    points = [
        Pinned(Rung(48, 36), 25, 5, 8_000, 0.9),
        Pinned(Rung(48, 36), 5, 1, 4_000, 0.7),
        Pinned(Rung(96, 30), 25, 5, 20_000, 1.0),
        Pinned(Rung(32, 36), 12.5, 3, 9_000, 0.8),
        Pinned(Rung(16, 36), 25, 5, 7_000, 0.5),
    ]
    few = pinned.promising(points, 8000, 2)
    assert [(p.rung.px, p.fps) for p in few] == [(48, 25), (32, 12.5)]
    assert [p.wire_bps for p in pinned.promising(points, 1000, 3)] == [4000, 7000, 8000]


def costed(px: int, qp: int, fps: float, unit_bytes: float) -> Costed:
    return Costed(Rung(px, qp), fps, unit_bytes, 0.9)


def test_frames_share_a_message_only_where_the_line_asks_and_the_latency_allows() -> None:
    """12.5 frames of 30 B a second take 10.2 kbit/s alone, 6.75 in twos, 5.6 in threes."""

    def k(mean_bps: float, latency_s: float) -> int:
        (point,) = pinned.on_line([costed(48, 36, 12.5, 30)], Budget(mean_bps, 1e6 * latency_s))
        return point.frames_per_message

    assert k(16_000, 1) == 1
    assert k(8_000, 1) == 2
    assert k(6_000, 1) == 3
    # Three frames are collected in 160 ms; their message then takes the line for 223 ms. A fifth of
    # the budget is left for a queue.
    assert k(6_000, 0.383 / 0.8 + 0.01) == 3
    assert k(6_000, 0.383 / 0.8 - 0.01) == 2
    assert k(6_000, 0.01) == 1
    (point,) = pinned.on_line([costed(48, 36, 12.5, 30)], Budget(6000, 1e6))
    assert point.name == "fixed-48-36-12.5fps-k3"


def test_the_simple_rule() -> None:
    """The largest side at QP 36 whose frame rate is at least 5: bytes grow with the gap."""
    of_sides = {96: 200.0, 48: 60.0, 16: 10.0}
    rates = {25.0: 1.0, 12.5: 1.5, 5.0: 2.0}
    measured = [
        costed(px, qp, fps, more * unit_bytes)
        for px, unit_bytes in of_sides.items()
        for fps, more in rates.items()
        for qp in (30, 36)
    ]

    def rule(mean_bps: float) -> tuple[int, int, float]:
        point = pinned.simple(measured, Budget(mean_bps, 300_000))
        return point.rung.px, point.rung.qp, point.fps

    assert rule(200_000) == (96, 36, 25)
    px, qp, fps = rule(24_000)
    assert (px, qp) == (96, 36)
    assert 5 < fps < 12.5
    # 96 px at 5 fps takes 8 x 5 x (58 + 400 and more) = 19 kbit/s and more.
    assert rule(18_000)[0] == 48
    assert rule(4_000)[0] == 16
    assert rule(100) == (16, 36, 5)


def test_what_is_pinned_keeps_the_latency_that_ours_does() -> None:
    base = StreamSettings(link=LinkSettings(constant(6000)), table=TABLE)
    only = [Costed(Rung(32, 36), 25, 60.0, 0.9)]
    *_, fixed = contenders.contenders(base, Baselines.ALL, only, TABLE)
    assert fixed.settings.latency_us == 400_000
    *_, simple, asked = contenders.contenders(
        base._replace(latency_us=250_000), Baselines.ALL, only, TABLE
    )
    assert simple.settings.latency_us == asked.settings.latency_us == 250_000
    footage = Footage([random_chip(index) for index in range(100)], None)
    played = play(cast(Recogniser, Brightness()), asked.settings, footage)
    late_ms = [sample.latency_ms for sample in played.samples if sample.valence is not None]
    assert 5 < len(late_ms) < 90
    assert np.median([ms or 0 for ms in late_ms[1:]]) < 400  # noise: the first is a keyframe


def random_chip(seed: int) -> NDArray[np.uint8]:
    small = np.random.default_rng(seed).integers(90, 160, (6, 6), dtype=np.uint8)
    return np.kron(small, np.ones((16, 16), dtype=np.uint8))


class Brightness:
    """Reads a chip's mean: black is -1, white +1."""

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        return [Reading(float(chip.pixels.mean()) / 127.5 - 1, 0.1) for chip in chips]


@pytest.mark.parametrize(("cap_bps", "frames_per_message"), [(64_000, 1), (8_000, 2)])
def test_a_fixed_point_sends_as_many_frames_as_it_says(
    cap_bps: int, frames_per_message: int
) -> None:
    link = LinkSettings(constant(cap_bps), 20_000)
    base = StreamSettings(link=link, table=TABLE, latency_us=600_000)
    only = [Costed(Rung(16, 36), 12.5, 20.0, 0.9)]
    *_, fixed = contenders.contenders(base, Baselines.ALL, only, TABLE)
    assert fixed.name == f"fixed-16-36-12.5fps-k{frames_per_message}"
    levels = np.arange(50) * 5
    footage = Footage([np.full((96, 96), level, np.uint8) for level in levels], None)
    played = play(cast(Recogniser, Brightness()), fixed.settings, footage)
    read = [sample for sample in played.samples if sample.status is Status.OK]
    # Opening the connection costs the first of them their turn.
    read = [sample for sample in read if sample.seq >= 20]
    assert [sample.seq for sample in read] == list(range(20, 50, 2))
    assert [s.valence for s in read] == pytest.approx(levels[20::2] / 127.5 - 1, abs=0.06)
    arrived = Counter(round(sample.t + (sample.latency_ms or 0) / 1000, 3) for sample in read)
    assert Counter(arrived.values()).most_common(1)[0][0] == frames_per_message


def test_clips_on_connections_of_their_own() -> None:
    """Numbers, times and delays go on from clip to clip, and so does the line's capacity."""
    clips = [Clip(name, [random_chip(index) for index in range(50)]) for name in "ab"]
    link = LinkSettings(parse_schedule("64k,2s:16k"), 20_000)
    by_clip = [
        StreamSettings(px=16, qp=36, fps=12.5, frames_per_message=1, link=link, latency_us=400_000),
        StreamSettings(px=8, qp=42, fps=5, frames_per_message=1, link=link, latency_us=400_000),
    ]
    played = play_apart(cast(Recogniser, Brightness()), by_clip, join(clips))
    assert sorted(sample.seq for sample in played.samples) == list(range(100))
    read = [sample for sample in played.samples if sample.status is Status.OK]
    assert all(sample.t == pytest.approx(sample.seq / 25) for sample in read)
    assert all((sample.px == 16) == (sample.seq < 50) for sample in read)
    assert 5 < sum(sample.seq >= 50 for sample in read) <= 11
    assert all(20 < (sample.latency_ms or 0) < 900 for sample in read)
    times_us = [departure.at_us for departure in played.wire]
    assert times_us == sorted(times_us)
    # At 16 kbit/s a message of over 60 B takes more than 30 ms of line, at 64 less than 10.
    late = [sample.latency_ms or 0 for sample in read if sample.seq >= 60]
    assert min(late) > 20 + 30


def test_a_point_is_costed_at_its_frame_rate() -> None:
    """Two clips whose brightness rises, frame by frame: at 12.5 fps every second one is held."""
    clips = [
        Clip("a", [np.full((96, 96), 60 + level, np.uint8) for level in range(60)]),
        Clip("b", [None, *(np.full((96, 96), 90 + level, np.uint8) for level in range(60))]),
    ]
    found = pinned.cost(cast(Recogniser, Brightness()), join(clips))
    by_point = {(each.rung.px, each.rung.qp, each.fps): each for each in found}
    assert len(by_point) == len(found) == 7 * 4 * 6
    fine, half, slow = (by_point[96, 24, fps] for fps in (25, 12.5, 5))
    assert fine.fidelity > half.fidelity > slow.fidelity > 0.9
    assert fine.unit_bytes >= 4


def test_who_takes_part() -> None:
    base = StreamSettings(link=LinkSettings(constant(8000)), table=TABLE)
    measured = [
        Costed(Rung(px, 36), fps, px / fps * 10, px / 96)
        for px in range(16, 96, 8)
        for fps in (25, 5)
    ]
    names = [one.name for one in contenders.contenders(base, Baselines.FEW, measured, TABLE)]
    assert names[:4] == ["adaptive", "stepping", "psnr", "simple"]
    assert len(names) == 4 + contenders.FEW
    assert len(contenders.contenders(base, Baselines.ALL, measured, TABLE)) == 4 + len(measured)
    assert [o.name for o in contenders.contenders(base, Baselines.NONE, [], TABLE)] == ["adaptive"]
    unlimited = base._replace(link=LinkSettings())
    assert [o.name for o in contenders.contenders(unlimited, Baselines.FEW, measured, TABLE)] == [
        "adaptive"
    ]


def test_each_clip_has_its_own_table() -> None:
    base = StreamSettings(link=LinkSettings(constant(8000)), table=TABLE)
    other = TABLE._replace(rows=TABLE.rows[1:])
    measured = [Costed(Rung(32, 36), 25, 60.0, 0.9)]
    some = contenders.contenders(base, Baselines.FEW, measured, other)
    ours, *others = (contenders.apart(one, [TABLE, other]) for one in some)
    assert [settings.table for settings in ours.by_clip] == [TABLE, other]
    assert [one.name for one in others][:3] == ["stepping", "psnr", "simple"]
    for one in others:
        assert one.by_clip == (one.settings,) * 2


def test_who_decides() -> None:
    base = StreamSettings(link=LinkSettings(constant(8000)), table=TABLE)
    other = TABLE._replace(rows=TABLE.rows[1:])
    measured = [Costed(Rung(32, 36), 25, 60.0, 0.9)]
    by_name = {one.name: one for one in contenders.contenders(base, Baselines.FEW, measured, other)}
    assert isinstance(by_name["stepping"].controller(), SteppingController)
    assert by_name["adaptive"].controller() is None
    assert by_name["adaptive"].settings.table is TABLE
    assert by_name["psnr"].settings.table is other
    assert by_name["simple"].settings.px == 32


def test_a_run_settles_after_each_step() -> None:
    full, thin = operating.Second(48, 36, 25), operating.Second(32, 40, 5)
    middle = operating.Second(48, 36, 20)
    seconds = [*[full] * 10, full, full, *[thin] * 8, thin, thin, thin, middle, *[full] * 6]
    late = [Arrival(at_s, 700) for at_s in (10.5, 11.5, 12.5)]
    arrived = [Arrival(at_s, 200) for at_s in range(30)] + late
    down, up = steps.settled(
        parse_schedule("32k,10s:4k,20s:32k"), sorted(arrived), seconds, delay_us=0
    )
    assert down == steps.Settled(10 * S, 32_000, 4000, late_s=3, settled_s=2)
    assert up == steps.Settled(20 * S, 4000, 32_000, late_s=0, settled_s=4)


def test_steps_beyond_the_run_and_outages_are_no_steps() -> None:
    seconds = [operating.Second(48, 36, 25)] * 12
    schedule = parse_schedule("8k,4s:0,8s:6k,20s:4k")
    (found,) = steps.settled(schedule, [Arrival(8.5, 100)], seconds, delay_us=0)
    assert (found.from_bps, found.to_bps, found.late_s, found.settled_s) == (0, 6000, 0.5, 0)

"""The whole path over simulated lines of every kind, under a clock that only the test moves."""

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_encoder.session.settings import StreamSettings, make_stream
from narrowcast_lab.link_bench import delays
from narrowcast_lab.link_bench.hold import split
from narrowcast_lab.offline import OfflinePath
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared.link import Capacity, LinkSettings, Trace, parse_schedule
from narrowcast_shared.samples import Sample, Status
from narrowcast_shared.wire.cost import OPENING_BYTES, wire_bytes

FPS = 25
S = 1_000_000  # in us
FREE = StreamSettings()
PINNED = StreamSettings(32, 36, frames_per_message=5)


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser.load("oa")


def chip(index: int) -> NDArray[np.uint8]:
    """A blob that drifts: enough change for P frames of a few bytes."""
    y, x = np.mgrid[0:96, 0:96]
    blob = 128 + 100 * np.exp(-((x - 48 - index % 7) ** 2 + (y - 48) ** 2) / 400)
    return blob.astype(np.uint8)


def play(
    recogniser: Recogniser, link: LinkSettings, seconds: int, point: StreamSettings = FREE
) -> tuple[list[Sample], list[tuple[int, int]]]:
    """Samples of so many seconds, and the wire: (arrival in us, bytes with headers)."""
    path = OfflinePath(recogniser, make_stream(point._replace(link=link), 0), "test")
    chips = [chip(index) for index in range(7)]
    samples: list[Sample] = []
    at_us = 0
    for index in range(seconds * FPS):
        at_us = index * S // FPS
        samples += path.frame(chips[index % 7], at_us)
    samples += path.finish(at_us)
    return samples, [(arrived_us, wire_bytes(size)) for arrived_us, size in path.wire]


def check_series(samples: list[Sample], seconds: int) -> None:
    assert sorted(sample.seq for sample in samples) == list(range(seconds * FPS))
    assert [sample.id for sample in samples] == list(range(1, seconds * FPS + 1))
    for sample in samples:
        assert sample.t == pytest.approx(sample.seq / FPS, abs=1e-3)


def read_between(samples: list[Sample], start_s: float, end_s: float) -> list[Sample]:
    return [s for s in samples if s.status is Status.OK and start_s <= s.t < end_s]


def check_wire(capacity: Capacity, wire: list[tuple[int, int]], delay_us: int) -> None:
    """From any message on, the line carried what it could, and that message."""
    for index, (first_us, _) in enumerate(wire):
        billed = 0
        for at_us, size in wire[index + 1 :]:
            billed += 8 * S * size
            start_us, end_us = first_us - delay_us, at_us - delay_us
            assert billed <= capacity.total(end_us) - capacity.total(start_us - 1)


def test_steps_of_a_cap_are_kept_and_used(recogniser: Recogniser) -> None:
    capacity = parse_schedule("32k,8s:4k,16s:32k")
    samples, wire = play(recogniser, LinkSettings(capacity), 26)
    check_series(samples, 26)
    check_wire(capacity, wire, 0)
    carried = 8 * S * (OPENING_BYTES + sum(size for at_us, size in wire if at_us <= 8 * S))
    assert carried <= capacity.total(8 * S)
    assert read_between(samples, 9, 16)
    narrow, wide = read_between(samples, 9.5, 15.5), read_between(samples, 20, 26)
    assert len(wide) == 6 * FPS > len(narrow)
    assert min(sample.px or 0 for sample in wide) > max(sample.px or 0 for sample in narrow)


def test_propagation_delay_is_in_every_sample(recogniser: Recogniser) -> None:
    capacity = parse_schedule("32k")
    near, near_wire = play(recogniser, LinkSettings(capacity), 4)
    far, far_wire = play(recogniser, LinkSettings(capacity, 250_000), 4)
    check_wire(capacity, far_wire, 250_000)
    assert far_wire[0][0] == near_wire[0][0] + 250_000
    assert min(s.latency_ms or 0 for s in far) >= 250 + min(s.latency_ms or 0 for s in near) - 1


def test_after_a_hole_of_78_seconds_every_frame_is_told(recogniser: Recogniser) -> None:
    """12 kbit/s in opportunities 14 ms apart, from a trace that has such a hole."""
    times_ms = [*range(14, 5_000, 14), *range(83_000, 100_000, 14)]
    capacity = Trace("hole", times_ms, 0.014)
    samples, wire = play(recogniser, LinkSettings(capacity), 98)
    check_series(samples, 98)
    check_wire(capacity, wire, 0)
    assert not [at_us for at_us, _ in wire if 5 * S <= at_us < 83 * S]
    assert len(read_between(samples, 6, 82)) >= 1.8 * (82 - 6), "back-filled"
    assert read_between(samples, 0, 5)
    assert read_between(samples, 88, 98)


@pytest.mark.parametrize("point", [FREE, PINNED], ids=["adaptive", "pinned"])
def test_an_outage_leaves_no_delay_behind_and_is_filled_in(
    recogniser: Recogniser, point: StreamSettings
) -> None:
    capacity = parse_schedule("12k,10s:0,88s:12k")
    samples, wire = play(recogniser, LinkSettings(capacity), 130, point)
    check_series(samples, 130)
    check_wire(capacity, wire, 0)
    by_seq = split(samples)
    held = [s for s in by_seq.backfilled if s.t < 88]
    assert len(held) == pytest.approx(2 * 78, abs=6)
    times = [s.t for s in held]
    assert times == sorted(times)
    assert np.diff(times).max() < 0.7, "evenly"
    assert all(s.latency_ms and s.t + s.latency_ms / 1000 > 88 for s in held)
    arrived = delays.arrivals(by_seq.live)
    bound = delays.bound_ms(capacity, 0)
    after = [a for a in arrived if a.at_s > 91]
    assert np.percentile([a.delay_ms for a in after], 95) <= bound
    assert max(a.delay_ms for a in after) <= 1.5 * bound
    last_s = max(s.t + (s.latency_ms or 0) / 1000 for s in held)
    assert 90 < last_s < 125
    meanwhile = [a for a in after if a.at_s < last_s]
    behind = [a for a in after if a.at_s > last_s]
    live_fps = len(meanwhile) / (last_s - 91)
    assert live_fps > 0.6 * len(behind) / (130 - last_s), "live frames keep most of the line"


@pytest.mark.parametrize("fps", [30.0, 1.0])
def test_a_recording_that_ends_in_an_outage_is_told_to_its_end(
    recogniser: Recogniser, fps: float
) -> None:
    """At 1 fps nothing is on its way when the line goes down."""
    point = PINNED._replace(fps=fps, frames_per_message=1)
    link = LinkSettings(parse_schedule("12k,3500ms:0,20s:12k"))
    samples, _ = play(recogniser, link, 12, point)
    check_series(samples, 12)
    assert Counter(s.status for s in samples)[Status.LOST] == 0
    assert len(read_between(samples, 6, 12)) >= 2 * 5


def test_a_line_that_stays_down_loses_the_rest_on_record(recogniser: Recogniser) -> None:
    samples, _ = play(recogniser, LinkSettings(parse_schedule("16k,3s:0")), 6)
    assert [sample.seq for sample in samples] == list(range(6 * FPS))
    counts = Counter(sample.status for sample in samples)
    assert counts[Status.OK] > 0
    assert counts[Status.LOST] >= 2.5 * FPS
    assert samples[-1].status is Status.LOST

"""The control law, frame by frame, and against simulated lines."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_encoder.rate.adaptive import AdaptiveController, Aims
from narrowcast_encoder.rate.bandwidth import LineView
from narrowcast_encoder.rate.controller import Decision, Observation
from narrowcast_encoder.rate.table import Row, Source, Table
from narrowcast_encoder.session.settings import StreamSettings, make_stream, report_interval_ms
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.link import LinkSettings, parse_schedule
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.cost import wire_bytes
from narrowcast_shared.wire.messages import Data, Report
from narrowcast_shared.wire.serial import parse

FRAME_US = 40_000
S = 1_000_000
RATES = (1_000.0, 4_000.0, 16_000.0, 64_000.0)
ROWS = (
    Row(Rung(16, 40), 7, 70, (0.60, 0.65, 0.66, 0.67)),
    Row(Rung(32, 36), 12, 180, (0.40, 0.85, 0.90, 0.91)),
    Row(Rung(48, 36), 18, 200, (0.20, 0.75, 0.96, 0.97)),
    Row(Rung(96, 30), 90, 850, (0.00, 0.10, 0.60, 1.00)),
)
TABLE = Table(RATES, ROWS, Source("test", "", "", "", {}))


class Driven:
    """A controller that sees lines as they are told, at 25 frames a second."""

    def __init__(self, aims: Aims | None = None) -> None:
        self.controller = AdaptiveController(TABLE, aims)
        self.now_us = 0

    def run(self, seconds: float, line: LineView, bytes_a_frame: float = 0) -> list[Decision]:
        out = []
        for _ in range(round(seconds * S / FRAME_US)):
            decision = self.controller.decide(
                Observation(self.now_us, self.now_us, 0, 0, line, change=0.01)
            )
            if decision.code and bytes_a_frame:
                size = round(bytes_a_frame)
                self.controller.coded(decision.point.rung, size, keyframe=False)
            out.append(decision)
            self.now_us += FRAME_US
        return out


def test_down_at_once_and_up_with_proof() -> None:
    driven = Driven()
    assert driven.run(5, LineView(80_000, told=True))[-1].point.rung == Rung(96, 30)
    assert driven.run(0.04, LineView(4_000, told=True))[-1].point.rung.px < 48
    assert driven.run(2, LineView(80_000, told=True))[-1].point.rung.px < 48
    assert driven.run(5, LineView(80_000, told=True))[-1].point.rung == Rung(96, 30)


def test_a_line_that_was_found_out_may_dip_and_is_believed_to_have_fallen_soon() -> None:
    driven = Driven()
    driven.run(5, LineView(80_000))
    assert driven.run(0.2, LineView(4_000))[-1].point.rung == Rung(96, 30)
    assert driven.run(5, LineView(80_000))[-1].point.rung == Rung(96, 30)
    assert driven.run(1.5, LineView(4_000))[-1].point.rung.px < 48


def test_a_rung_does_not_flap_with_an_estimate_that_does() -> None:
    driven = Driven()
    rungs = [
        driven.run(1, LineView(9_000 if second % 2 else 11_000))[-1].point.rung
        for second in range(30)
    ]
    changes = sum(1 for before, after in pairwise(rungs[3:]) if before != after)
    assert changes <= 2


def test_a_face_that_costs_far_more_is_sent_smaller_and_one_that_moves_is_not() -> None:
    line = LineView(12_000)
    rungs = [Driven().run(10, line, size)[-1].point.rung for size in (18, 45, 400)]
    assert rungs[0] == rungs[1] == Rung(48, 36)
    assert rungs[2].px < 48


def test_a_face_that_costs_less_is_sent_larger() -> None:
    line = LineView(24_000)
    usual, cheap = (Driven().run(30, line, size)[-1].point.rung for size in (18, 6))
    assert usual == Rung(48, 36)
    assert cheap == Rung(96, 30)


def test_nothing_is_coded_while_the_line_is_down_or_booked_too_far_ahead() -> None:
    driven = Driven()
    driven.run(5, LineView(10_000))
    assert not any(decision.code for decision in driven.run(3, LineView(10_000, down=True)))
    booked = LineView(10_000, queue_us=400_000)
    assert not any(decision.code for decision in driven.run(3, booked))
    assert any(decision.code for decision in driven.run(1, LineView(10_000)))


def test_a_latency_budget_is_traded_for_bits() -> None:
    patient, hasty = Driven(Aims(latency_us=1_200_000)), Driven(Aims(latency_us=150_000))
    line = LineView(4_000)
    many = patient.run(5, line)[-1].point.frames_per_message
    few = hasty.run(5, line)[-1].point.frames_per_message
    assert many > few


def test_the_default_budget_grows_as_the_line_narrows() -> None:
    controller = AdaptiveController(TABLE)
    budgets = [controller.latency_us(bps) for bps in (100, 2_000, 4_000, 8_000, 32_000)]
    assert budgets == [3_000_000, 1_200_000, 600_000, 400_000, 300_000]


def test_fps_bounds_what_is_coded() -> None:
    driven = Driven(Aims(max_fps=5))
    decisions = driven.run(10, LineView(80_000))
    assert sum(decision.code for decision in decisions) == pytest.approx(50, abs=4)


def test_a_cap_that_nothing_fits_is_refused() -> None:
    link = LinkSettings(parse_schedule("500"))
    with pytest.raises(SettingsError, match="allow at least"):
        make_stream(StreamSettings(link=link, table=TABLE), 0)


# --- through the stream, over simulated lines --------------------------------------------------


class Delivered(NamedTuple):
    captured_us: int
    delay_us: int
    px: int


def chips(seconds: int) -> Iterator[NDArray[np.uint8]]:
    """Two blobs that sway against each other, and change places every five seconds."""
    y, x = np.mgrid[0:96, 0:96]
    for index in range(seconds * 25):
        side = 30 if index // 125 % 2 else 66
        first = (x - side - 3 * np.sin(index / 9)) ** 2 + (y - 40) ** 2
        second = (x - 96 + side) ** 2 + (y - 60 - 4 * np.cos(index / 7)) ** 2
        yield (90 + 90 * np.exp(-first / 300) + 60 * np.exp(-second / 150)).astype(np.uint8)


def play(
    cap: str, seconds: int, latency_us: int | None = None
) -> tuple[list[Delivered], list[tuple[int, int]]]:
    """Frames that arrived, and (us, bytes) that left."""
    link = LinkSettings(parse_schedule(cap))
    settings = StreamSettings(link=link, latency_us=latency_us, table=TABLE)
    stream, interval_us = make_stream(settings, 0), 1000 * report_interval_ms(settings)
    stream.connected(0)
    arrived: list[Delivered] = []
    wire: list[tuple[int, int]] = []
    px = report_us = 0
    for index, chip in enumerate(chips(seconds)):
        start_us = index * FRAME_US
        stream.frame(chip, start_us, start_us)
        for now_us in range(start_us, start_us + FRAME_US, 5_000):
            for message in stream.outgoing(now_us, now_us):
                wire.append((now_us, wire_bytes(len(message))))
                data = parse(message)
                assert isinstance(data, Data)
                px = px if data.rung is None else data.rung.px
                arrived += [
                    Delivered(frame.ticks * 100, now_us - frame.ticks * 100, px)
                    for frame in data.frames
                    if frame.nals
                ]
            if wire and now_us >= report_us:
                report_us += interval_us
                report = Report(0, 0, len(wire), 0, 0, now_us - wire[-1][0], 0)
                stream.reported(report, now_us, now_us)
    return arrived, wire


def p95_ms(frames: list[Delivered]) -> float:
    return float(np.percentile([frame.delay_us for frame in frames], 95)) / 1000


@pytest.mark.parametrize(("cap", "bound_ms"), [("16k", 300), ("8k", 300), ("4k", 600)])
def test_delay_stays_within_the_default_budget_and_the_cap_is_used(
    cap: str, bound_ms: float
) -> None:
    arrived, wire = play(cap, 40)
    assert p95_ms(arrived) < bound_ms
    carried = sum(8 * size for _, size in wire)
    assert carried > 0.5 * 40 * float(cap.removesuffix("k")) * 1000


def test_steps_down_and_up_are_followed() -> None:
    arrived, _ = play("32k,15s:4k,35s:32k", 55)
    after_down = [f for f in arrived if 17 * S < f.captured_us < 35 * S]
    assert max(frame.delay_us for frame in after_down) < 900_000
    before = max(frame.px for frame in arrived if 5 * S < frame.captured_us < 15 * S)
    assert max(frame.px for frame in after_down) < before
    assert max(frame.px for frame in arrived if frame.captured_us > 45 * S) == before

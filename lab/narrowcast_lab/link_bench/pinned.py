"""Fixed operating points: what each costs and keeps, and which of them take part on a line.

Every rung is coded at every frame rate, without a line, on the first seconds of each clip. On a
line of a given rate and latency budget each then shares headers among as many frames as the line
asks for and the budget allows. What is chosen here is chosen with the footage known: our
controller is told none of it.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.rate.frame_selection import FrameThinner
from narrowcast_lab.link_bench.footage import US_PER_FRAME, Chip, Footage
from narrowcast_lab.link_bench.hold import hold
from narrowcast_lab.link_bench.valence import read
from narrowcast_models.coding import Coding
from narrowcast_models.evaluation.coded_stream import CodedStream
from narrowcast_models.evaluation.moving_figures import FPS
from narrowcast_models.recogniser import CodedChip, Recogniser
from narrowcast_shared import metrics
from narrowcast_shared.operating_point import CHIP_PX, MAX_FRAMES_PER_MESSAGE, Rung
from narrowcast_shared.wire.cost import data_wire_bps

FIXED: Final = "fixed-"

SIDES_PX = (96, 64, 48, 32, 24, 16, 8)
QUANTISERS = (24, 30, 36, 42)
RATES_FPS = (25.0, 12.5, 8.0, 5.0, 3.0, 2.0)

COSTED_FRAMES = 1000
"""Frames that tell what a rung costs and keeps, the first of each clip in equal shares."""

AFFORDABLE = 1.2
"""Times the line's rate that a point may need: a little too much is thinned."""

FILLED = 0.95
"""Of the line's rate, that frames share a message for: the rest goes to what varies."""

LATENCY_SHARE = 0.8
"""Of the latency budget, that a message may take on an idle line: the rest is for a queue."""

SIMPLE_QP = 36
SIMPLE_LEAST_FPS = 5.0
SIMPLE_STEP_FPS = 0.5


class Costed(NamedTuple):
    """A rung at a frame rate: mean bytes of its P frames, and CCC of its held readings with
    those of the uncoded chips, all 25 a second.
    """

    rung: Rung
    fps: float
    unit_bytes: float
    fidelity: float


class Pinned(NamedTuple):
    """An operating point, what it would need of an open line, bit/s, and the fidelity that it
    would have there.
    """

    rung: Rung
    fps: float
    frames_per_message: int
    wire_bps: float
    fidelity: float

    @property
    def name(self) -> str:
        """As the report calls it: px, QP, frames a second, frames a message."""
        return f"{FIXED}{self.rung.px}-{self.rung.qp}-{self.fps:g}fps-k{self.frames_per_message}"


class Budget(NamedTuple):
    """What a fixed point is held to: the line's mean rate, and the time from capture to arrival."""

    mean_bps: float
    latency_us: float


def cost(recogniser: Recogniser, footage: Footage) -> list[Costed]:
    """Every rung at every frame rate, on the first of the clips. They show a face at least."""
    clips = list(_openings(footage))
    chips = [CodedChip(chip, Coding(CHIP_PX, None)) for clip in clips for chip in clip]
    uncoded = read(recogniser, chips, "uncoded")
    return [
        _cost(recogniser, clips, uncoded, Rung(px, qp), fps)
        for px in SIDES_PX
        for qp in QUANTISERS
        for fps in RATES_FPS
    ]


def _openings(footage: Footage) -> Iterator[list[Chip]]:
    """The first faces of each clip that shows some."""
    each = max(2, COSTED_FRAMES // len(footage.starts))
    ends = [*footage.starts[1:], len(footage.chips)]
    for start, end in zip(footage.starts, ends, strict=True):
        faces = [chip for chip in footage.chips[start:end] if chip is not None]
        if faces:
            yield faces[:each]


def _cost(
    recogniser: Recogniser,
    clips: Sequence[Sequence[Chip]],
    uncoded: NDArray[np.float64],
    rung: Rung,
    fps: float,
) -> Costed:
    coding = Coding(*rung)
    coded: list[CodedChip] = []
    frames: list[int] = []
    p_frames = p_frame_bytes = first = 0
    for clip in clips:
        stream, thinner = CodedStream(coding), FrameThinner()
        due = [row for row in range(len(clip)) if thinner.due(row * US_PER_FRAME, fps)]
        coded += [stream.next(clip[row]) for row in due]
        frames += [first + row for row in due]
        first += len(clip)
        p_frames += stream.p_frames
        p_frame_bytes += stream.p_frame_bytes
    values = read(recogniser, coded, f"{rung.px} px, QP {rung.qp}, {fps:g} fps")
    fidelity = metrics.score(hold(frames, values, len(uncoded)), uncoded).ccc
    return Costed(rung, fps, p_frame_bytes / max(p_frames, 1), fidelity)


def on_line(costed: Sequence[Costed], budget: Budget) -> list[Pinned]:
    """Each of them on a line, with the frames a message that suit it."""
    return [_pinned(each, budget) for each in costed]


def promising(points: Sequence[Pinned], mean_bps: float, count: int) -> list[Pinned]:
    """Those of the greatest fidelity among what the line can carry, or nearly. Where it carries
    too few, those that need least.
    """
    affordable = [point for point in points if point.wire_bps <= AFFORDABLE * mean_bps]
    best = sorted(affordable, key=lambda point: -point.fidelity)[:count]
    others = sorted((p for p in points if p not in best), key=lambda point: point.wire_bps)
    return best + others[: count - len(best)]


def simple(costed: Sequence[Costed], budget: Budget) -> Pinned:
    """The rule that needs no table: the largest side at QP 36 that the line carries at 5 frames a
    second or more, at the most that it carries; where it carries none, the smallest at 5.
    """
    at_qp = [each for each in costed if each.rung.qp == SIMPLE_QP]
    sides = sorted({each.rung.px for each in at_qp}, reverse=True)
    steps = int((FPS - SIMPLE_LEAST_FPS) / SIMPLE_STEP_FPS)
    point = None
    for px in sides:
        of_side = sorted(each for each in at_qp if each.rung.px == px)  # by frame rate
        for step in range(steps + 1):
            point = _pinned(_between(of_side, FPS - step * SIMPLE_STEP_FPS), budget)
            if point.wire_bps <= FILLED * budget.mean_bps:
                return point
    assert point is not None
    return point


def _between(of_rung: Sequence[Costed], fps: float) -> Costed:
    """A rung at a frame rate that lies between those measured, which rise."""
    rates = [each.fps for each in of_rung]
    unit_bytes = np.interp(fps, rates, [each.unit_bytes for each in of_rung])
    fidelity = np.interp(fps, rates, [each.fidelity for each in of_rung])
    return Costed(of_rung[0].rung, fps, float(unit_bytes), float(fidelity))


def _pinned(costed: Costed, budget: Budget) -> Pinned:
    """With the fewest frames a message that the line carries; where it carries none that arrive
    in time, the most that do.
    """
    point = _with(costed, 1)
    for frames in range(2, MAX_FRAMES_PER_MESSAGE + 1):
        if point.wire_bps <= FILLED * budget.mean_bps:
            break
        more = _with(costed, frames)
        collected_us = 1e6 * (frames - 1) / costed.fps
        message_bits = more.wire_bps * frames / costed.fps
        if collected_us + 1e6 * message_bits / budget.mean_bps > LATENCY_SHARE * budget.latency_us:
            break
        point = more
    return point


def _with(costed: Costed, frames_per_message: int) -> Pinned:
    rung, fps, unit_bytes, fidelity = costed
    wire_bps = data_wire_bps(fps, frames_per_message, unit_bytes, run=fps < FPS)
    return Pinned(rung, fps, frames_per_message, wire_bps, fidelity)

"""Plain stepping, which our control law is held against: the best step of a fixed ladder whose
expected wire rate fits what is believed of the line.

Down at once when the face costs more than fits, or when the line stays booked too far ahead (a
cut in the picture alone books it for a moment); up one step at a time, after a hold in which the
better step would have fitted with room to spare. `frame_bytes` of a step is what a P access unit
of a talking face costs there (2,649 frames of GRID); the face at hand corrects it.
"""

from typing import NamedTuple

from narrowcast_encoder.rate.controller import Decision, Observation
from narrowcast_encoder.rate.frame_selection import FrameThinner, SourceRate
from narrowcast_encoder.rate.pinned import congested
from narrowcast_shared.operating_point import MAX_FPS, OperatingPoint, Rung
from narrowcast_shared.wire.cost import data_wire_bps

FIT_SHARE = 0.92  # a step fits when it needs at most this share of the line
CLIMB_SHARE = 0.82  # and is climbed to when it needs at most this share
CLIMB_HOLD_US = 3_000_000
DOWN_BACKLOG_US = 400_000
DOWN_HOLD_US = 1_500_000
COST_MEMORY = 0.95  # weight of the past in the mean cost of a frame
CORRECTION_RANGE = (0.25, 6.0)


class Step(NamedTuple):
    """One operating point and the access-unit bytes to expect of it."""

    point: OperatingPoint
    frame_bytes: float


LADDER = (
    Step(OperatingPoint(Rung(96, 24), 30, 1), 199),
    Step(OperatingPoint(Rung(96, 30), 30, 2), 90),
    Step(OperatingPoint(Rung(64, 30), 30, 2), 48),
    Step(OperatingPoint(Rung(48, 30), 30, 3), 40),
    Step(OperatingPoint(Rung(48, 36), 25, 5), 18),
    Step(OperatingPoint(Rung(48, 36), 15, 4), 18),
    Step(OperatingPoint(Rung(32, 36), 12.5, 5), 11),
    Step(OperatingPoint(Rung(32, 36), 8, 5), 11),
    Step(OperatingPoint(Rung(32, 36), 5, 4), 11),
    Step(OperatingPoint(Rung(16, 36), 4, 4), 6),
    Step(OperatingPoint(Rung(16, 40), 2, 2), 5),
)


def expected_wire_bps(step: Step, source_fps: float, correction: float) -> float:
    """Wire rate of a step, bit/s, headers counted, for a source of `source_fps`.

    `correction` is how many times the ladder's bytes this face has cost so far.
    """
    fps = min(step.point.fps, source_fps)
    unit_bytes = step.frame_bytes * correction
    return data_wire_bps(fps, step.point.frames_per_message, unit_bytes, run=fps < source_fps)


class SteppingController:
    """Keeps the wire rate under the line's capacity by stepping through the ladder."""

    def __init__(self, max_fps: float = MAX_FPS, ladder: tuple[Step, ...] = LADDER) -> None:
        self._capacity_bps = 0.0
        self._max_fps = max_fps
        self._ladder = ladder
        self._correction = 1.0
        self._source = SourceRate()
        self._level = len(ladder) - 1
        self._begun = False
        self._fits_since_us: int | None = None
        self._behind_since_us: int | None = None
        self._thinner = FrameThinner()

    def decide(self, observation: Observation) -> Decision:
        self._source.seen(observation.captured_us)
        self._capacity_bps = observation.line.capacity_bps
        if not self._begun:
            self._begun, self._level = True, self._best_fitting(FIT_SHARE)
        self._step(observation)
        point = self._ladder[self._level].point
        point = point._replace(fps=min(point.fps, self._max_fps))
        due = self._thinner.due(observation.captured_us, point.fps)
        return Decision(point, due and not congested(observation))

    def coded(self, rung: Rung, size_bytes: int, *, keyframe: bool) -> None:
        expected = self._ladder[self._level]
        if keyframe or rung != expected.point.rung:
            return  # a keyframe's cost says nothing of the frames to come
        ratio = size_bytes / expected.frame_bytes
        mixed = COST_MEMORY * self._correction + (1 - COST_MEMORY) * ratio
        low, high = CORRECTION_RANGE
        self._correction = min(max(mixed, low), high)

    def _step(self, observation: Observation) -> None:
        now_us = observation.now_us
        fitting = self._best_fitting(FIT_SHARE)
        if self._stays_behind(observation):
            fitting = max(fitting, min(self._level + 1, len(self._ladder) - 1))
        if fitting > self._level:
            self._move(fitting, now_us)
        elif self._best_fitting(CLIMB_SHARE) >= self._level:
            self._fits_since_us = None
        elif self._fits_since_us is None:
            self._fits_since_us = now_us
        elif now_us - self._fits_since_us >= CLIMB_HOLD_US:
            self._move(self._level - 1, now_us)

    def _stays_behind(self, observation: Observation) -> bool:
        """Whether the line has been booked too far ahead for the whole of a hold."""
        if observation.backlog_us <= DOWN_BACKLOG_US:
            self._behind_since_us = None
        elif self._behind_since_us is None:
            self._behind_since_us = observation.now_us
        since_us = self._behind_since_us
        return since_us is not None and observation.now_us - since_us >= DOWN_HOLD_US

    def _move(self, level: int, now_us: int) -> None:
        self._level = level
        self._behind_since_us = now_us if self._behind_since_us is not None else None
        self._fits_since_us = None

    def _best_fitting(self, share: float) -> int:
        source_fps = min(self._max_fps, self._source.fps)
        for level, step in enumerate(self._ladder):
            if expected_wire_bps(step, source_fps, self._correction) <= share * self._capacity_bps:
                return level
        return len(self._ladder) - 1

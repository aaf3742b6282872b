"""Plain stepping under a cap: the best step of the ladder whose expected wire rate fits.

Down at once when the face costs more than fits, or when the line stays booked too far ahead (a
cut in the picture alone books it for a moment); up one step at a time, after a hold in which the
better step would have fitted with room to spare.
"""

import logging

from narrowcast_encoder.control.controller import Decision, Observation
from narrowcast_encoder.control.ladder import LADDER, Step, expected_wire_bps
from narrowcast_encoder.control.pinned import congested
from narrowcast_encoder.control.source_rate import SourceRate
from narrowcast_encoder.control.thinning import FrameThinner
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.operating_point import MAX_FPS, Rung

logger = logging.getLogger(__name__)

FIT_SHARE = 0.92  # a step fits when it needs at most this share of the cap
CLIMB_SHARE = 0.82  # and is climbed to when it needs at most this share
CLIMB_HOLD_US = 3_000_000
DOWN_BACKLOG_US = 400_000
DOWN_HOLD_US = 1_500_000
COST_MEMORY = 0.95  # weight of the past in the mean cost of a frame
CORRECTION_RANGE = (0.25, 6.0)


class SteppingController:
    """Keeps the wire rate under `cap_bps` by stepping through the ladder."""

    def __init__(
        self, cap_bps: int, max_fps: float = MAX_FPS, ladder: tuple[Step, ...] = LADDER
    ) -> None:
        slowest = expected_wire_bps(ladder[-1], max_fps, 1.0)
        if cap_bps < slowest:
            raise SettingsError(
                f"a cap of {cap_bps} bit/s is below the least that any operating point needs",
                f"allow at least {slowest:.0f} bit/s, headers counted",
            )
        self._cap_bps = cap_bps
        self._max_fps = max_fps
        self._ladder = ladder
        self._correction = 1.0
        self._source = SourceRate()
        self._level = self._best_fitting(FIT_SHARE)
        self._fits_since_us: int | None = None
        self._behind_since_us: int | None = None
        self._thinner = FrameThinner()

    def decide(self, observation: Observation) -> Decision:
        self._source.seen(observation.captured_us)
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
        logger.info("step %d -> %d: %s", self._level, level, self._ladder[level].point)
        self._level = level
        self._behind_since_us = now_us if self._behind_since_us is not None else None
        self._fits_since_us = None

    def _best_fitting(self, share: float) -> int:
        source_fps = min(self._max_fps, self._source.fps)
        for level, step in enumerate(self._ladder):
            if expected_wire_bps(step, source_fps, self._correction) <= share * self._cap_bps:
                return level
        return len(self._ladder) - 1

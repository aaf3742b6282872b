"""A pinned operating point: what `--px --qp --fps` ask for, skipping only to stay live."""

from narrowcast_encoder.control.controller import Decision, Observation
from narrowcast_encoder.control.source_rate import SourceRate
from narrowcast_encoder.control.thinning import FrameThinner
from narrowcast_shared.operating_point import OperatingPoint, Rung

MAX_BACKLOG_US = 500_000
"""Frames are skipped, not queued, once the line is booked for this long."""

MAX_UNACKED_US = 2_000_000
"""Likewise once the decoder has not acknowledged a message for this long."""


def congested(observation: Observation) -> bool:
    """Whether a frame coded now would only add to the delay."""
    return observation.backlog_us > MAX_BACKLOG_US or observation.unacked_us > MAX_UNACKED_US


class PinnedController:
    """Always the same operating point."""

    def __init__(self, point: OperatingPoint) -> None:
        self._point = point
        self._source = SourceRate()
        self._thinner = FrameThinner()

    def decide(self, observation: Observation) -> Decision:
        due = self._thinner.due(observation.captured_us, self._point.fps)
        # A message waits for its frames as long as they take: at the source's rate, not the limit.
        fps = min(self._point.fps, self._source.seen(observation.captured_us))
        return Decision(self._point._replace(fps=fps), due and not congested(observation))

    def coded(self, rung: Rung, size_bytes: int, *, keyframe: bool) -> None:
        """A pinned point takes no notice of cost."""

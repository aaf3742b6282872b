"""A pinned operating point: what `--px --qp --fps` ask for, skipping only to stay live."""

from narrowcast_encoder.rate.controller import Decision, Observation, message_us
from narrowcast_encoder.rate.frame_selection import FrameThinner, SourceRate
from narrowcast_shared.operating_point import OperatingPoint, Rung

MAX_BACKLOG_US = 500_000
"""Frames are skipped, not queued, once the line is booked for this long."""

MAX_UNACKED_US = 2_000_000
"""Likewise once the decoder has not acknowledged a message for this long."""

COST_WEIGHT = 0.05


def congested(observation: Observation) -> bool:
    """Whether a frame coded now would only add to the delay."""
    return observation.backlog_us > MAX_BACKLOG_US or observation.unacked_us > MAX_UNACKED_US


class PinnedController:
    """Always the same operating point; with a latency budget it skips what would come too late."""

    def __init__(self, point: OperatingPoint, latency_us: int | None = None) -> None:
        self._point = point
        self._latency_us = latency_us
        self._unit_bytes = 0.0
        self._source = SourceRate()
        self._thinner = FrameThinner()

    def decide(self, observation: Observation) -> Decision:
        due = self._thinner.due(observation.captured_us, self._point.fps)
        # A message waits for its frames as long as they take: at the source's rate, not the limit.
        fps = min(self._point.fps, self._source.seen(observation.captured_us))
        late = congested(observation) or self._would_be_late(observation, fps)
        return Decision(self._point._replace(fps=fps), due and not late)

    def coded(self, rung: Rung, size_bytes: int, *, keyframe: bool) -> None:  # noqa: ARG002
        """A mean of the sizes of late, which tells how long a message takes the line."""
        weight = COST_WEIGHT if self._unit_bytes else 1.0
        self._unit_bytes += weight * (size_bytes - self._unit_bytes)

    def _would_be_late(self, observation: Observation, fps: float) -> bool:
        """Of the message that would begin with this frame, behind what the line is booked for."""
        if self._latency_us is None or observation.waiting or not observation.backlog_us:
            return False
        frames = self._point.frames_per_message
        own_us = message_us(frames, self._unit_bytes, observation.line.capacity_bps)
        collected_us = 1e6 * (frames - 1) / fps
        booked_us = max(0.0, observation.backlog_us - collected_us)
        return booked_us + collected_us + own_us > self._latency_us

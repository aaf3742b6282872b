"""The seam between rate control and the session: observations in, a decision out."""

from typing import NamedTuple, Protocol

from narrowcast_shared.operating_point import OperatingPoint, Rung


class Observation(NamedTuple):
    """What a controller may know when a frame with a face arrives.

    now_us: monotonic time. captured_us: capture time of the frame. backlog_us: how long the
    line is booked already. unacked_us: age of the oldest message not yet acknowledged.
    """

    now_us: int
    captured_us: int
    backlog_us: int
    unacked_us: int


class Decision(NamedTuple):
    """The operating point in force, and whether this frame is coded or skipped."""

    point: OperatingPoint
    code: bool


class Controller(Protocol):
    """Decides frame by frame. Implementations hold no clock and do no I/O."""

    def decide(self, observation: Observation) -> Decision:
        """Whether and how to code the frame that was just captured."""
        ...

    def coded(self, rung: Rung, size_bytes: int, *, keyframe: bool) -> None:
        """What the frame that was decided on really cost, as an access unit."""
        ...

"""Gaps in sequence numbers: frames that an outage held back or cut off."""

from collections.abc import Iterable
from typing import NamedTuple

from narrowcast_decoder.ingest.frames import Fate, Line, TakenFrame
from narrowcast_shared.errors import ProtocolError
from narrowcast_shared.wire.messages import MAX_GAP

MAX_GAPS = 64
"""Gaps that one session may owe; of one more the oldest is lost."""

MAX_OWED = MAX_GAP
"""Frames that one session may owe; of more the oldest gaps are lost."""


class Gap(NamedTuple):
    """Frames `next_seq` to `end_seq`, the latter not included, between two capture times (us)."""

    next_seq: int
    end_seq: int
    start_us: int
    end_us: int

    @property
    def frames(self) -> int:
        """Frames in it, 0 where its ends have crossed."""
        return max(0, self.end_seq - self.next_seq)

    def at_us(self, seq: int) -> int:
        """Capture time of a frame in it, spaced evenly; at both ends the times it lies between."""
        span_us = max(0, self.end_us - self.start_us)
        return self.start_us + span_us * (seq - self.next_seq + 1) // (self.frames + 1)

    def times_us(self) -> list[int]:
        """`at_us` of all frames in it."""
        span_us, steps = max(0, self.end_us - self.start_us), self.frames + 1
        return [self.start_us + span_us * step // steps for step in range(1, steps)]

    def before(self, seq: int) -> "Gap":
        """The part below `seq`, which may be empty."""
        seq = min(max(seq, self.next_seq), self.end_seq)
        return self._replace(end_seq=seq, end_us=self.at_us(seq))

    def since(self, seq: int) -> "Gap":
        """The part from `seq` on, which may be empty."""
        seq = min(max(seq, self.next_seq), self.end_seq)
        return self._replace(next_seq=seq, start_us=self.at_us(seq - 1))


class Owed(NamedTuple):
    """Gaps of which the encoder may still tell, the oldest first. None is empty."""

    gaps: tuple[Gap, ...] = ()

    @property
    def frames(self) -> int:
        """Frames owed."""
        return sum(gap.frames for gap in self.gaps)

    def before(self, seq: int) -> "Owed":
        """What is owed below `seq`."""
        return Owed(_not_empty(gap.before(seq) for gap in self.gaps))

    def since(self, seq: int) -> "Owed":
        """What is owed from `seq` on."""
        return Owed(_not_empty(gap.since(seq) for gap in self.gaps))

    def with_gap(self, gap: Gap) -> "Owed":
        """Another one, above all there are."""
        return Owed((*self.gaps, *_not_empty([gap])))

    def excess(self) -> "Owed":
        """The oldest gaps, as many as are over the limits."""
        owed, over = self.frames, 0
        while len(self.gaps) - over > MAX_GAPS or owed > MAX_OWED:
            owed -= self.gaps[over].frames
            over += 1
        return Owed(self.gaps[:over])


def check(gap: Gap) -> Gap:
    """The gap itself. Raises ProtocolError where it is beyond `MAX_GAP`."""
    if gap.frames > MAX_GAP:
        raise ProtocolError(
            f"a gap of {gap.frames} frames, at most {MAX_GAP} are taken as an outage"
        )
    return gap


def fill(gaps: Iterable[Gap], line: Line) -> list[TakenFrame]:
    """The gaps' frames as lost ones, evenly spaced in time.

    All of them at once, while the event loop waits: so what they share is worked out once.
    """
    shared = TakenFrame(0, 0, Fate.LOST, line.wire_bps, cap_bps=line.cap_bps)[2:]
    return [
        TakenFrame(seq, at_us, *shared)
        for gap in gaps
        for seq, at_us in zip(range(gap.next_seq, gap.end_seq), gap.times_us(), strict=True)
    ]


def _not_empty(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    return tuple(gap for gap in gaps if gap.frames)

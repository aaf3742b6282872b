"""Which frames of a session have come: what is new, what is owed, and what is lost for good."""

from collections.abc import Sequence

from narrowcast_decoder.ingest.frames import Line, TakenFrame
from narrowcast_decoder.ingest.gaps import Gap, Owed, check, fill

EVERYTHING = 1 << 63
"""Above all sequence numbers: what a HELLO without BACKFILL amounts to, where nothing is owed."""


class Numbering:
    """One connection's view; every frame comes out of it once, taken or lost."""

    def __init__(
        self, next_seq: int, last_captured_us: int | None, owed: Owed, owed_from: int
    ) -> None:
        """last_captured_us: capture time of the session's last frame, where there is one.

        owed: gaps of before. owed_from: nothing below it is ever told any more.
        """
        self.next_seq = next_seq
        self.owed = owed
        self._last_captured_us = last_captured_us
        self._owed_from = owed_from

    def disown(self) -> list[TakenFrame]:
        """Frames of before that this encoder cannot tell of: they are lost."""
        return self._lose(self.owed.before(self._owed_from), Line()) + self._bound(Line())

    def live(self, frames: Sequence[TakenFrame]) -> list[TakenFrame]:
        """What is new of consecutive frames, behind what is lost before them."""
        fresh = [frame for frame in frames if frame.seq >= self.next_seq]
        if not fresh:
            return []  # sent again after a reconnect: each frame has its one sample already
        lost = self._open(fresh[0].seq, fresh[0]) if fresh[0].seq > self.next_seq else []
        self._advance(fresh[-1])
        return lost + fresh

    def late(self, frames: Sequence[TakenFrame]) -> list[TakenFrame]:
        """What was owed of consecutive frames, behind what is lost before them.

        Late frames come in their order: what is owed below them never comes.
        """
        first, last = frames[0], frames[-1]
        lost = self._open(last.seq + 1, last)
        if last.seq >= self.next_seq:
            self._advance(last)
        lost += self._lose(self.owed.before(first.seq), first.line)
        taken = self._owed_of(frames)
        self.owed = self.owed.since(last.seq + 1)
        return lost + taken

    def end(self, next_seq: int, start_us: int, line: Line) -> list[TakenFrame]:
        """All that is owed, and frames up to `next_seq`: they carry the last one's time.

        start_us: the session's, where no frame ever came.
        """
        last_us = start_us if self._last_captured_us is None else self._last_captured_us
        rest = check(Gap(self.next_seq, next_seq, last_us, last_us))
        lost = self._lose(self.owed, line) + fill([rest], line)
        self.next_seq += rest.frames
        return lost

    def _open(self, end_seq: int, before: TakenFrame) -> list[TakenFrame]:
        """Owe the frames up to `end_seq`, captured up to `before`; returns those that are lost."""
        start_us = self._last_captured_us
        if start_us is None:
            start_us = before.captured_us
        gap = check(Gap(self.next_seq, end_seq, start_us, before.captured_us))
        self.owed = self.owed.with_gap(gap.since(self._owed_from))
        lost = fill([gap.before(self._owed_from)], before.line)
        return self._bound(before.line) + lost

    def _owed_of(self, frames: Sequence[TakenFrame]) -> list[TakenFrame]:
        first_seq = frames[0].seq
        taken: list[TakenFrame] = []
        for gap in self.owed.gaps:
            taken += frames[max(0, gap.next_seq - first_seq) : max(0, gap.end_seq - first_seq)]
        return taken

    def _advance(self, last: TakenFrame) -> None:
        self.next_seq = last.seq + 1
        self._last_captured_us = last.captured_us

    def _bound(self, line: Line) -> list[TakenFrame]:
        return self._lose(self.owed.excess(), line)

    def _lose(self, oldest: Owed, line: Line) -> list[TakenFrame]:
        """Give up the oldest of what is owed."""
        if oldest.gaps:
            self.owed = self.owed.since(oldest.gaps[-1].end_seq)
        return fill(oldest.gaps, line)

"""A session while it is in memory: who publishes it, and how far it has come."""

import asyncio
from dataclasses import dataclass, field
from typing import NamedTuple

from narrowcast_decoder.inference.reader import Outcome
from narrowcast_decoder.ingest.clock_note import ClockNote
from narrowcast_decoder.ingest.gaps import Owed
from narrowcast_shared.samples import Sample, Status
from narrowcast_shared.wire.messages import Clock, EndCode

US_PER_S = 1_000_000


class Verdict(NamedTuple):
    """Why a session's publisher is to go, as it is told."""

    code: EndCode
    reason: str


REPLACED = Verdict(EndCode.REPLACED, "another encoder publishes this session now")
DELETED = Verdict(EndCode.REFUSED, "this session was deleted")


@dataclass(eq=False)
class LiveSession:
    """Numbers and counters of one session. Only the event loop touches it.

    next_seq: one above the highest frame taken in. next_id: id of the next sample. stored_seq:
    one above the highest frame with a stored sample. owed: frames below them that the publisher
    may still tell of. pending: frames taken in and not yet stored. hold: by which its samples
    are stored (`SampleStore`), None where nobody can take it over.
    """

    name: str
    next_seq: int
    next_id: int
    stored_seq: int
    last_captured_us: int | None
    owed: Owed = Owed()
    hold: int | None = None
    clock_offset_us: int = 0
    clock_note: ClockNote = field(default_factory=ClockNote)
    pending: int = 0
    progress: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever samples of this session have been stored; waiters clear it first."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once this is no longer to be published here; the store knows where it goes on."""
    verdict: Verdict | None = None
    failed: bool = False

    def told_clock(self, clock: Clock) -> None:
        """Its encoder has told how far the decoder's clock is ahead of its own."""
        self.clock_offset_us = clock.offset_us
        self.clock_note.told(clock)

    def taken_over(self) -> None:
        """Another encoder publishes it, for all that is known: nothing is known of its clock."""
        self.clock_offset_us = 0
        self.clock_note = ClockNote()

    def stop(self, verdict: Verdict) -> None:
        """Send its publisher away. What has been taken in is still stored."""
        self.verdict = self.verdict or verdict
        self.over.set()

    def fail(self, verdict: Verdict) -> None:
        """Send its publisher away. What has been taken in and not stored cannot be."""
        self.failed = True
        self.pending = 0
        self.progress.set()
        self.stop(verdict)

    def taken(self, count: int, next_seq: int, last_captured_us: int) -> None:
        """`count` frames were handed to the pipeline, the last of which comes before `next_seq`.

        Late ones leave the end of the series where it is.
        """
        self.pending += count
        if next_seq > self.next_seq:
            self.next_seq = next_seq
            self.last_captured_us = last_captured_us

    def sample(self, outcome: Outcome, unix_us: int) -> Sample:
        """The next sample of this session."""
        frame, reading = outcome.frame, outcome.reading
        latency_us = unix_us - (frame.captured_us + self.clock_offset_us)
        sample = Sample(
            id=self.next_id,
            session=self.name,
            seq=frame.seq,
            t=frame.captured_us / US_PER_S,
            status=outcome.status,
            valence=None if reading is None else round(reading.valence, 5),
            sigma=None if reading is None else round(reading.sigma, 5),
            px=frame.rung.px if frame.rung and outcome.status is Status.OK else None,
            qp=frame.rung.qp if frame.rung and outcome.status is Status.OK else None,
            wire_bps=frame.wire_bps,
            latency_ms=round(latency_us / 1000, 1),
            cap_bps=frame.cap_bps,
        )
        self.next_id += 1
        return sample

    def stored(self, count: int, stored_seq: int) -> None:
        """`count` samples are in the store for good."""
        if self.failed:
            return  # nobody is left to be told
        self.pending -= count
        self.stored_seq = max(self.stored_seq, stored_seq)
        self.progress.set()

    async def drained(self) -> None:
        """Wait until every frame taken in has its stored sample."""
        while self.pending:
            self.progress.clear()
            await self.progress.wait()

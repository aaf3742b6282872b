"""What a store of series promises. One set of tests holds every implementation to it."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field

from narrowcast_shared.errors import StoreError
from narrowcast_shared.marks import MAX_MARKS, Mark
from narrowcast_shared.samples import Sample, Status

NO_HOLDS: Mapping[str, int] = MappingProxyType({})

DEFAULT_PAGE = 1000
"""Samples, or sessions, that one call reads unless it is told otherwise."""


class StoreBusyError(StoreError):
    """Somebody else holds the store for a moment, or its disk is full: worth another try."""


class SeriesConflictError(StoreError):
    """Samples that do not continue the stored series of `session`: trying again is no use.

    Nothing else is wrong with the store; other sessions can go on.
    """

    def __init__(self, session: str, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.session = session


class HoldLostError(SeriesConflictError):
    """Nobody stores samples by this hold any more: a newer one was taken, or, with `deleted`,
    the session was deleted since.
    """

    def __init__(self, session: str, *, deleted: bool = False) -> None:
        what = "was deleted" if deleted else "is published by another connection now"
        super().__init__(session, f"session {session!r} {what}")
        self.deleted = deleted


class MarksFullError(StoreError):
    """A session has as many marks as it may."""

    def __init__(self, session: str) -> None:
        super().__init__(f"session {session!r} has {MAX_MARKS} marks, and no more can be")


class SessionState(StrEnum):
    """Whether more samples are to be expected of a session."""

    LIVE = "live"  # its publisher is connected
    INTERRUPTED = "interrupted"  # its publisher is gone without saying that it has finished
    ENDED = "ended"  # its publisher has finished


class SessionSummary(BaseModel):
    """One session at a glance."""

    model_config = ConfigDict(frozen=True)

    session: str = Field(description="Name of the session.")
    state: SessionState = Field(description="Whether more samples are to be expected.")
    started_t: float = Field(
        description="Unix time in s at which it was first published; of a series stored without "
        "a publisher, the capture time of its first sample."
    )
    written_t: float = Field(
        description="Unix time in s, of the decoder's clock, at which it was last written to."
    )
    first_t: float | None = Field(
        default=None, description="Capture time in s of its first sample that is still stored."
    )
    last_t: float | None = Field(
        default=None, description="Capture time in s of its highest frame number."
    )
    ended_t: float | None = Field(
        default=None, description="Unix time in s of its end; only if ended."
    )
    end_reason: str | None = Field(default=None, description="Why it ended; only if ended.")
    model: str | None = Field(
        default=None, description="The model that its last publisher's chips were read with."
    )
    model_sha256: str | None = Field(
        default=None,
        description="SHA-256 of that model's weights, hexadecimal. null where it was not noted, "
        "as in sessions of older releases.",
    )
    clock_offset_ms: float | None = Field(
        default=None,
        description="How far the decoder's clock is ahead of the encoder's, ms, as its last "
        "publisher has estimated it: Unix time at the decoder is `t` plus this. None where it "
        "has not told.",
    )
    clock_error_ms: float | None = Field(
        default=None,
        description="What that estimate was off by at most when it was made, ms: half of the "
        "round trip that it was read over.",
    )
    samples: int = Field(ge=0, description="Number of samples stored.")
    first_id: int = Field(
        ge=0, description="Id of its first sample that is still stored, 0 where there is none."
    )
    last_id: int = Field(ge=0, description="Id of its last sample, 0 before the first.")
    next_seq: int = Field(ge=0, description="One above the highest frame number, 0 at first.")
    by_status: dict[Status, int] = Field(description="Number of samples of each status.")


class IdSpan(NamedTuple):
    """Ids `first` to `last`, both included."""

    first: int
    last: int


class SeqGap(NamedTuple):
    """Frames `next_seq` to `end_seq`, the latter not included, without a sample; the capture times
    (s) of the samples before and after them, or twice that of the one after them.
    """

    next_seq: int
    end_seq: int
    start_t: float
    end_t: float


class Usage(NamedTuple):
    """What the series take: their samples, and the room in bytes that these fill."""

    samples: int
    bytes: int


class SampleStore(Protocol):
    """Series of samples, kept until they are deleted. Every method raises StoreError where it
    cannot: a StoreBusyError where it may be able to soon, a SeriesConflictError where the fault
    is that of one session, and one of neither where the store has failed.

    Ids are given by the publisher's side: 1, 2, 3, ... in each session. A sample that is
    stored is never changed. Where the beginning of a series was deleted, it begins later; its
    ids, and where it goes on, stay what they are.

    Several decoders may share a store. A publisher's hold on its session is a number that
    `note_started` gives out, greater each time: a fencing token. What comes by an older hold
    is a HoldLostError, however late it comes, so that no two decoders write to one series.
    """

    async def append(self, samples: Sequence[Sample], holds: Mapping[str, int] = NO_HOLDS) -> None:
        """Store all of them or none; return when they would survive a crash of the process.

        holds: by session, where a publisher stands behind the samples. Of a session that is not
        in it no hold is asked for.

        They may be of many sessions; those of one session are in order of id and continue
        its series. A sample that is stored already is passed over where it is the same, and
        is a SeriesConflictError where it is not. So is an id left out, or a frame number
        (`seq`) that the session has under another id; of samples that were deleted since, a
        store may not know that any more.
        """
        ...

    async def read(
        self, session: str, after_id: int = 0, limit: int = DEFAULT_PAGE
    ) -> list[Sample]:
        """The first `limit` samples with an id above `after_id`, in order; none if unknown."""
        ...

    async def span(self, session: str, from_t: float, to_t: float) -> IdSpan | None:
        """From the lowest to the highest id of those captured from `from_t` until before `to_t`.

        None where there are none. Capture times may step where an encoder was restarted, so
        that samples in between may be of other times.
        """
        ...

    async def gaps(self, session: str, missing: int) -> list[SeqGap]:
        """The gaps in its frame numbers, the oldest first, found from the end of the series on.

        Looks no further back once `missing` frames are found: time grows with how far that is.
        Of a gap before the first sample both times are that sample's. Gaps before samples that
        were deleted may be none of these.
        """
        ...

    async def summary(self, session: str) -> SessionSummary | None:
        """The session at a glance; None where there is no such session."""
        ...

    async def summaries(self, limit: int = DEFAULT_PAGE) -> list[SessionSummary]:
        """The `limit` sessions that were written to last, the newest activity first."""
        ...

    async def oldest(self, limit: int = DEFAULT_PAGE, skip: int = 0) -> list[SessionSummary]:
        """The `limit` sessions to be deleted first where room is short, behind the first `skip`.

        Those that have ended come before the others, and of each kind those before that were
        written to longer ago.
        """
        ...

    async def usage(self) -> Usage:
        """What all series together take now."""
        ...

    async def trim(self, session: str, before_id: int) -> int:
        """Delete the samples with ids below `before_id`; how many there were.

        With them go the marks before the first sample that is left. Appends go on meanwhile. The
        session stays, and goes on where it was.
        """
        ...

    async def delete(
        self,
        session: str,
        written_before: float | None = None,
        on_gone: Callable[[], None] | None = None,
    ) -> bool:
        """Delete the session, its samples and marks; False where there is no such session.

        With `written_before` also where it was written to since that Unix time (s), which is
        then as if nobody had asked. No reader finds it any more once this has begun; when it
        returns, nothing of it is left in the store. Appends of others go on meanwhile.

        on_gone: called as soon as no reader finds it, and before anybody can begin another one of
        its name: the rest may take long, and who follows that other one has nothing to do with it.
        """
        ...

    async def check_writable(self) -> None:
        """Write something that changes nothing; return where an append can be expected to work."""
        ...

    async def note_started(self, session: str, unix_s: float, hold: int | None = None) -> int:
        """A publisher has come, or come back: the session exists, and has not ended.

        Returns its hold, which ends every other. hold: one that this decoder has on the session
        already; it is returned where nobody took another since. The session is live from now on.
        """
        ...

    async def note_left(self, session: str, hold: int) -> None:
        """The publisher has gone, and may come back: by this hold the session is live no more.

        Nothing happens where it is held by another, or where there is no such session.
        """
        ...

    async def note_ended(
        self, session: str, unix_s: float, reason: str, hold: int | None = None
    ) -> None:
        """The publisher, with its `hold` if it has one, has finished.

        Raises UnknownSessionError where it never started.
        """
        ...

    async def note_clock(self, session: str, offset_ms: float, error_ms: float, hold: int) -> None:
        """The publisher with this hold knows how far the decoder's clock is ahead of its own.

        error_ms: what it is off by at most. Nothing happens where another holds the session, or
        where there is none.
        """
        ...

    async def marks(self, session: str, after_id: int = 0, limit: int = MAX_MARKS) -> list[Mark]:
        """The first `limit` marks with an id above `after_id`, in order; none if unknown."""
        ...

    async def add_mark(self, session: str, t: float, text: str) -> Mark:
        """Mark the time `t`, s on the encoder's clock; returns the mark once it is stored.

        Its id is one above that of the last that was ever added to the session.
        Raises UnknownSessionError where there is no such session, MarksFullError where it has
        `MAX_MARKS`.
        """
        ...

    async def take_turn(self, task: str, for_s: float) -> bool:
        """Whether this decoder is the one to do `task` for the next `for_s`; no other is then."""
        ...

    async def close(self) -> None:
        """Finish what was begun; every later call is a StoreError. Closing twice is fine."""
        ...

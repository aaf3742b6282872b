"""What a store of series promises. One set of tests holds every implementation to it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from narrowcast_shared.samples import Sample, Status

DEFAULT_PAGE = 1000
"""Samples, or sessions, that one call reads unless it is told otherwise."""


class SessionState(StrEnum):
    """Whether more samples are to be expected of a session."""

    LIVE = "live"  # its publisher is connected to this service
    INTERRUPTED = "interrupted"  # its publisher is gone without saying that it has finished
    ENDED = "ended"  # its publisher has finished


class SessionSummary(BaseModel):
    """One session at a glance.

    A store tells ended sessions from others; which of the others are live is known where the
    publishers are connected (`Service`), and a store calls them all interrupted.
    """

    model_config = ConfigDict(frozen=True)

    session: str = Field(description="Name of the session.")
    state: SessionState = Field(description="Whether more samples are to be expected.")
    started_t: float = Field(
        description="Unix time in s at which it was first published; of a series stored without "
        "a publisher, the capture time of its first sample."
    )
    last_t: float | None = Field(default=None, description="Capture time in s of its last sample.")
    ended_t: float | None = Field(
        default=None, description="Unix time in s of its end; only if ended."
    )
    end_reason: str | None = Field(default=None, description="Why it ended; only if ended.")
    samples: int = Field(ge=0, description="Number of samples stored.")
    last_id: int = Field(ge=0, description="Id of its last sample, 0 before the first.")
    next_seq: int = Field(ge=0, description="One above the highest frame number, 0 at first.")
    by_status: dict[Status, int] = Field(description="Number of samples of each status.")


class SampleStore(Protocol):
    """Series of samples, kept for good. Every method raises StoreError where it cannot.

    Ids are given by the publisher's side: 1, 2, 3, ... in each session. A sample that is
    stored is never changed.
    """

    async def append(self, samples: Sequence[Sample]) -> None:
        """Store all of them or none; return when they would survive a crash of the process.

        They may be of many sessions; those of one session are in order of id and continue
        its series. A sample that is stored already is passed over where it is the same, and
        is a StoreError where it is not. So is an id left out, or a frame number (`seq`) that
        the session has under another id.
        """
        ...

    async def read(
        self, session: str, after_id: int = 0, limit: int = DEFAULT_PAGE
    ) -> list[Sample]:
        """The first `limit` samples with an id above `after_id`, in order; none if unknown."""
        ...

    async def summary(self, session: str) -> SessionSummary | None:
        """The session at a glance; None where there is no such session."""
        ...

    async def summaries(self, limit: int = DEFAULT_PAGE) -> list[SessionSummary]:
        """The `limit` sessions that were written to last, the newest activity first."""
        ...

    async def note_started(self, session: str, unix_s: float) -> None:
        """A publisher has come, or come back: the session exists, and has not ended."""
        ...

    async def note_ended(self, session: str, unix_s: float, reason: str) -> None:
        """The publisher has finished. Raises UnknownSessionError where it never started."""
        ...

    async def close(self) -> None:
        """Finish what was begun; every later call is a StoreError. Closing twice is fine."""
        ...

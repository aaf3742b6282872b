"""What an endpoint reads a series with: it follows it, or plays it once more."""

from types import TracebackType
from typing import Protocol, Self

from narrowcast_decoder.replay import Pace, Replay
from narrowcast_decoder.series import Follower
from narrowcast_decoder.service import Service
from narrowcast_shared.samples import Sample


class SeriesReader(Protocol):
    """A `Follower`, or a `Replay`: a context manager that gives pages until it is over."""

    session_ended: bool

    @property
    def is_over(self) -> bool:
        """Whether every page has been given."""
        ...

    async def next_page(self, idle_s: float | None = None) -> list[Sample]:
        """The next samples; empty where none came for `idle_s`, or none will."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def reader(
    service: Service, session: str, after_id: int, pace: Pace | None, *, wait: bool = False
) -> SeriesReader:
    """A replay where there is a pace, which waits for no session; else a follower."""
    if pace is None:
        return Follower(service.store, service.hub, session, after_id, wait=wait)
    return Replay(service.store, service.hub, session, after_id, pace, service.clock)

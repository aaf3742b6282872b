"""Who may write to which session, where one process is all there is. No I/O."""

from collections.abc import Iterable, Mapping

from narrowcast_decoder.store.interface import HoldLostError, SessionState, SessionSummary
from narrowcast_shared.samples import Sample


class Holds:
    """The holds on the sessions of one store, as in `SampleStore`. They end with the process."""

    def __init__(self) -> None:
        self._last = 0
        self._current: dict[str, int] = {}
        self._live: set[str] = set()

    def take(self, session: str, hold: int | None) -> int:
        """A hold on the session: the one the caller has, where that is the current one."""
        current = self._current.get(session)
        if current is None or current != hold:
            self._last += 1
            current = self._current[session] = self._last
        self._live.add(session)
        return current

    def check(self, samples: Iterable[Sample], holds: Mapping[str, int]) -> None:
        """Raises HoldLostError where one of the samples' sessions is held by another."""
        for session in {sample.session for sample in samples} & holds.keys():
            self.check_one(session, holds[session])

    def check_one(self, session: str, hold: int) -> None:
        """Raises HoldLostError where the session is held by another."""
        if not self.is_current(session, hold):
            raise HoldLostError(session, deleted=session not in self._current)

    def is_current(self, session: str, hold: int) -> bool:
        """Whether nobody took another hold on the session since."""
        return self._current.get(session) == hold

    def leave(self, session: str, hold: int) -> None:
        """The publisher with this hold has gone; what it has left behind may still be stored."""
        if self.is_current(session, hold):
            self._live.discard(session)

    def end(self, session: str) -> None:
        """Nobody publishes it any more."""
        self._live.discard(session)

    def forget(self, session: str) -> None:
        """The session was deleted."""
        self._current.pop(session, None)
        self._live.discard(session)

    def with_live(self, summary: SessionSummary) -> SessionSummary:
        """The summary of a session with its publisher, where it has one, taken into account."""
        if summary.session not in self._live:
            return summary
        return summary.model_copy(update={"state": SessionState.LIVE})

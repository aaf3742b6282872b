"""Whether the store works, and whether a write that failed is worth another try. No I/O."""

import logging
from enum import StrEnum

from narrowcast_decoder.store.interface import SeriesConflictError, StoreBusyError
from narrowcast_shared.errors import StoreError

_log = logging.getLogger(__name__)

PATIENCE_S = 30.0
"""How long writes are tried again while the store is locked or its disk is full."""

RETRY_S = 0.5


class StoreCondition(StrEnum):
    """How the store stands."""

    WORKING = "working"
    WAITING = "waiting"  # it may work again soon: writes are tried again
    FAILED = "failed"  # somebody has to do something


class StoreHealth:
    """What the writes to a store have shown.

    WORKING --busy--> WAITING --busy for PATIENCE_S--> FAILED
    any --an error that no waiting helps--> FAILED
    any --a write that worked--> WORKING

    A conflict of one session's series changes nothing: the store works for the others.
    """

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self.condition = StoreCondition.WORKING
        self.error: StoreError | None = None
        self._patience_s = patience_s
        self._waiting_since_us = 0

    def worked(self) -> None:
        """A write was taken."""
        self._enter(StoreCondition.WORKING, None)

    def failed(self, error: StoreError, now_us: int) -> float | None:
        """A write was not taken: seconds until the next try, None where there is to be none."""
        if isinstance(error, SeriesConflictError):
            return None
        if not isinstance(error, StoreBusyError):
            self._enter(StoreCondition.FAILED, error)
            return None
        if self.condition is StoreCondition.WORKING:
            self._waiting_since_us = now_us
            self._enter(StoreCondition.WAITING, error)
        elif now_us - self._waiting_since_us >= self._patience_s * 1e6:
            self._enter(StoreCondition.FAILED, error)
        return RETRY_S if self.condition is StoreCondition.WAITING else None

    def _enter(self, condition: StoreCondition, error: StoreError | None) -> None:
        self.error = error
        if condition is self.condition:
            return
        self.condition = condition
        match condition:
            case StoreCondition.WORKING:
                _log.info("the store works again")
            case StoreCondition.WAITING:
                _log.warning("samples wait for the store: %s", error)
            case StoreCondition.FAILED:
                _log.error("nothing can be stored, and publishers are sent away: %s", error)

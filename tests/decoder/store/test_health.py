"""Which failures of the store are waited out, and for how long."""

from narrowcast_decoder.store.health import RETRY_S, StoreCondition, StoreHealth
from narrowcast_decoder.store.interface import SeriesConflictError, StoreBusyError
from narrowcast_shared.errors import StoreError

BUSY = StoreBusyError("the store is locked")
GONE = StoreError("the store was deleted", "start again")


def test_a_busy_store_is_waited_for_so_long_and_no_longer() -> None:
    health = StoreHealth(patience_s=30)
    assert health.failed(BUSY, 0) == RETRY_S
    assert health.failed(BUSY, 29_999_999) == RETRY_S
    assert (health.condition, health.error) == (StoreCondition.WAITING, BUSY)
    assert health.failed(BUSY, 30_000_000) is None
    assert health.condition is StoreCondition.FAILED
    assert health.failed(BUSY, 31_000_000) is None


def test_patience_begins_anew_once_it_has_worked() -> None:
    health = StoreHealth(patience_s=30)
    health.failed(BUSY, 0)
    health.worked()
    assert (health.condition, health.error) == (StoreCondition.WORKING, None)
    assert health.failed(BUSY, 40_000_000) == RETRY_S


def test_what_waiting_does_not_help_has_failed_at_once_and_may_work_again() -> None:
    health = StoreHealth()
    assert health.failed(GONE, 0) is None
    assert (health.condition, health.error) == (StoreCondition.FAILED, GONE)
    health.worked()
    assert health.condition is StoreCondition.WORKING


def test_a_conflict_is_the_fault_of_its_session() -> None:
    health = StoreHealth()
    assert health.failed(SeriesConflictError("a", "another sample of id 2"), 0) is None
    assert (health.condition, health.error) == (StoreCondition.WORKING, None)

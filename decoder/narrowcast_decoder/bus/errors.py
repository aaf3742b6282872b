"""What a server's refusals, and its silence, mean for the series on it."""

from valkey.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ValkeyError,
)
from valkey.exceptions import ConnectionError as NoConnectionError
from valkey.exceptions import TimeoutError as NoAnswerError

from narrowcast_decoder.store.interface import StoreBusyError
from narrowcast_shared.errors import StoreError
from narrowcast_shared.see import See

# By class, the more special one first.
_REFUSED: dict[type[Exception], tuple[str, str]] = {
    AuthenticationError: ("refuses its user or password", "check the address given with --bus"),
    AuthorizationError: ("refuses its user or password", "check the address given with --bus"),
    NoPermissionError: (
        "does not let its user do what is needed",
        "allow it all commands on keys and channels that begin with narrowcast:",
    ),
}
_PASSING: dict[type[Exception], tuple[str, str]] = {
    BusyLoadingError: ("is starting, and reads its data", "it takes a moment"),
    OutOfMemoryError: (
        "has reached its maxmemory",
        "give it more, or keep less with --max-age, --max-samples or --max-bytes",
    ),
    ReadOnlyError: ("is a replica, and takes no writes", "name the primary with --bus"),
    NoConnectionError: ("cannot be reached", "start it, or check the address given with --bus"),
    NoAnswerError: ("does not answer", "see what it is busy with"),
    TimeoutError: ("does not answer", "see what it is busy with"),
    OSError: ("cannot be reached", "start it, or check the address given with --bus"),
}
# By the first word of an answer that the library has no class for.
_PASSING_CODES = {
    "MISCONF": ("cannot write to its disk", "free some space there, and read its log"),
    "NOREPLICAS": ("has too few replicas that follow", "see after these"),
    "MASTERDOWN": ("is a replica that has lost its primary", "see after that"),
    "BUSY": ("is held up by somebody's script", "end that with SCRIPT KILL"),
}


def store_error(shown: str, error: ValkeyError | OSError) -> StoreError:
    """The StoreError that tells a user what an error means for the bus shown as `shown`.

    A StoreBusyError where the bus may come back by itself.
    """
    for kind, (problem, remedy) in _REFUSED.items():
        if isinstance(error, kind):
            return StoreError(f"the bus {shown} {problem}", remedy, see=See.BUS)
    for kind, (problem, remedy) in _PASSING.items():
        if isinstance(error, kind):
            return StoreBusyError(f"the bus {shown} {problem}", remedy, see=See.BUS)
    code = str(error).partition(" ")[0]
    if code in _PASSING_CODES:
        problem, remedy = _PASSING_CODES[code]
        return StoreBusyError(f"the bus {shown} {problem}", remedy, see=See.BUS)
    return StoreError(f"the bus {shown} failed ({error})", see=See.BUS)

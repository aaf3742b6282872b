"""Names of the keys and channels on the bus (docs/scale.md tells what is in them)."""

_ROOT = "narrowcast:"

FORMAT = f"{_ROOT}format"
OPEN = f"{_ROOT}open"
ENDED = f"{_ROOT}ended"
TOTALS = f"{_ROOT}totals"
CHECK = f"{_ROOT}check"


def row(session: str) -> str:
    """What there is to say of a session, a hash."""
    return f"{_ROOT}session:{session}"


def stream(session: str) -> str:
    """A session's samples, a stream: entry `<id>-0`."""
    return f"{_ROOT}samples:{session}"


def times(session: str) -> str:
    """Lowest and highest capture time of each block of a session's ids, a hash."""
    return f"{_ROOT}times:{session}"


def marks(session: str) -> str:
    """A session's marks by their ids, a hash."""
    return f"{_ROOT}marks:{session}"


def deleted(session: str) -> str:
    """The note that a session was deleted, and not lost: it expires."""
    return f"{_ROOT}deleted:{session}"


def decoder(name: str) -> str:
    """A decoder's sign of life: it expires."""
    return f"{_ROOT}decoder:{name}"


def turn(task: str) -> str:
    """Which decoder does a task that one at a time does: it expires."""
    return f"{_ROOT}turn:{task}"


# Channels are the same in every database of a server; so their names say which.


def events(database: int) -> str:
    """Channel on which all decoders hear of sessions that were taken, ended or deleted."""
    return f"{_ROOT}{database}:events"


def channel(database: int, session: str) -> str:
    """Channel of a session's new samples."""
    return f"{_ROOT}{database}:live:{session}"


def session_of(database: int, channel_name: str) -> str:
    """The session whose channel that is."""
    return channel_name.removeprefix(channel(database, ""))

"""What is wrong with samples that do not continue a stored series, in the same words everywhere."""

from narrowcast_decoder.store.interface import SeriesConflictError


def changed(session: str, sample_id: int) -> SeriesConflictError:
    """A sample is not what is stored under its id."""
    return SeriesConflictError(
        session,
        f"session {session!r} has another sample of id {sample_id} already",
        "a stored sample is never changed; publish under another session name",
    )


def left_out(session: str, expected_id: int, sample_id: int) -> SeriesConflictError:
    """Ids do not go on one by one."""
    return SeriesConflictError(
        session, f"session {session!r} continues with id {expected_id}, got {sample_id}"
    )


def doubled(session: str) -> SeriesConflictError:
    """A frame number comes under a second id."""
    return SeriesConflictError(
        session,
        f"session {session!r} has a sample of one of these frames under another id",
        "every captured frame has exactly one sample",
    )

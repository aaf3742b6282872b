"""Samples and sessions as SQL: plain functions of a connection, no thread and no loop."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from narrowcast_decoder.store.interface import SessionState, SessionSummary
from narrowcast_decoder.store.sqlite_schema import transaction
from narrowcast_shared.errors import StoreError, UnknownSessionError
from narrowcast_shared.samples import Sample, Status

# The one order of a sample's columns; _row and _sample speak it too.
_INSERT = """
    INSERT INTO samples
        (session, id, seq, t, status, valence, sigma, px, qp, wire_bps, latency_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_READ = """
    SELECT id, seq, t, status, valence, sigma, px, qp, wire_bps, latency_ms FROM samples
    WHERE session = (SELECT key FROM sessions WHERE name = ?) AND id > ?
    ORDER BY id LIMIT ?
"""
_BEGIN_SESSION = """
    INSERT INTO sessions (name, started_t, touched)
    VALUES (?, ?, (SELECT coalesce(max(touched), 0) + 1 FROM sessions))
    ON CONFLICT (name) DO UPDATE
    SET ended_t = NULL, end_reason = NULL, touched = excluded.touched
"""
_ADVANCE_SESSION = """
    UPDATE sessions SET
        last_id = ?, last_t = ?, next_seq = max(next_seq, ?),
        ok = ok + ?, no_face = no_face + ?, skipped = skipped + ?, lost = lost + ?,
        touched = (SELECT max(touched) + 1 FROM sessions)
    WHERE key = ?
"""
_END_SESSION = """
    UPDATE sessions SET
        ended_t = ?, end_reason = ?, touched = (SELECT max(touched) + 1 FROM sessions)
    WHERE name = ?
"""
_SUMMARY = """
    SELECT name, started_t, last_t, ended_t, end_reason, last_id, next_seq,
           ok, no_face, skipped, lost
    FROM sessions WHERE name = ?
"""
_SUMMARIES = """
    SELECT name, started_t, last_t, ended_t, end_reason, last_id, next_seq,
           ok, no_face, skipped, lost
    FROM sessions ORDER BY touched DESC LIMIT ?
"""


class _Position(NamedTuple):
    """Where a session's series stands."""

    key: int
    last_id: int


def append(connection: sqlite3.Connection, samples: Sequence[Sample]) -> None:
    """`SampleStore.append`."""
    by_session: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_session[sample.session].append(sample)
    with transaction(connection):
        for series in by_session.values():
            _append_series(connection, series)


def read(connection: sqlite3.Connection, session: str, after_id: int, limit: int) -> list[Sample]:
    """`SampleStore.read`."""
    rows = connection.execute(_READ, (session, after_id, limit))
    return [_sample(session, row) for row in rows]


def summary(connection: sqlite3.Connection, session: str) -> SessionSummary | None:
    """`SampleStore.summary`."""
    row = connection.execute(_SUMMARY, (session,)).fetchone()
    return _session_summary(row) if row else None


def summaries(connection: sqlite3.Connection, limit: int) -> list[SessionSummary]:
    """`SampleStore.summaries`."""
    return [_session_summary(row) for row in connection.execute(_SUMMARIES, (limit,))]


def note_started(connection: sqlite3.Connection, session: str, unix_s: float) -> None:
    """`SampleStore.note_started`."""
    with transaction(connection):
        connection.execute(_BEGIN_SESSION, (session, unix_s))


def note_ended(connection: sqlite3.Connection, session: str, unix_s: float, reason: str) -> None:
    """`SampleStore.note_ended`."""
    with transaction(connection):
        changed = connection.execute(_END_SESSION, (unix_s, reason, session)).rowcount
    if not changed:
        raise UnknownSessionError(f"there is no session {session!r} to end")


def _append_series(connection: sqlite3.Connection, series: list[Sample]) -> None:
    """Add samples of one session, in order of id, inside a transaction."""
    position = _position(connection, series[0])
    new = [sample for sample in series if sample.id > position.last_id]
    _check_repeats(connection, [sample for sample in series if sample.id <= position.last_id])
    _check_ids(position.last_id, new)
    if not new:
        return
    try:
        connection.executemany(_INSERT, [_row(position.key, sample) for sample in new])
    except sqlite3.IntegrityError as error:
        raise StoreError(
            f"session {series[0].session!r} has a sample of one of these frames under another id",
            "every captured frame has exactly one sample",
        ) from error
    counts = Counter(sample.status for sample in new)
    by_status = [counts[status] for status in Status]
    next_seq = max(sample.seq for sample in new) + 1
    values = (new[-1].id, new[-1].t, next_seq, *by_status, position.key)
    connection.execute(_ADVANCE_SESSION, values)


def _position(connection: sqlite3.Connection, first: Sample) -> _Position:
    """Where the session of `first` stands; it begins here if nobody has announced it."""
    query = "SELECT key, last_id FROM sessions WHERE name = ?"
    row = connection.execute(query, (first.session,)).fetchone()
    if row is None:
        connection.execute(_BEGIN_SESSION, (first.session, first.t))
        row = connection.execute(query, (first.session,)).fetchone()
    return _Position(*row)


def _check_repeats(connection: sqlite3.Connection, repeats: list[Sample]) -> None:
    """Raises StoreError where a sample is not what is stored under its id."""
    if not repeats:
        return
    first, last = repeats[0].id, repeats[-1].id
    session = repeats[0].session
    stored = {
        sample.id: sample for sample in read(connection, session, first - 1, last - first + 1)
    }
    for sample in repeats:
        if stored.get(sample.id) != sample:
            raise StoreError(
                f"session {session!r} has another sample of id {sample.id} already",
                "a stored sample is never changed; publish under another session name",
            )


def _check_ids(last_id: int, new: list[Sample]) -> None:
    """Raises StoreError where ids do not continue the series."""
    for expected, sample in enumerate(new, start=last_id + 1):
        if sample.id != expected:
            raise StoreError(
                f"session {sample.session!r} continues with id {expected}, got {sample.id}"
            )


def _row(key: int, sample: Sample) -> tuple[Any, ...]:
    return (
        key, sample.id, sample.seq, sample.t, sample.status.value, sample.valence, sample.sigma,
        sample.px, sample.qp, sample.wire_bps, sample.latency_ms,
    )  # fmt: skip


def _sample(session: str, row: tuple[Any, ...]) -> Sample:
    sample_id, seq, t, status, valence, sigma, px, qp, wire_bps, latency_ms = row
    return Sample(
        id=sample_id, session=session, seq=seq, t=t, status=status, valence=valence, sigma=sigma,
        px=px, qp=qp, wire_bps=wire_bps, latency_ms=latency_ms,
    )  # fmt: skip


def _session_summary(row: tuple[Any, ...]) -> SessionSummary:
    name, started_t, last_t, ended_t, end_reason, last_id, next_seq, *by_status = row
    return SessionSummary(
        session=name,
        state=SessionState.INTERRUPTED if ended_t is None else SessionState.ENDED,
        started_t=started_t,
        last_t=last_t,
        ended_t=ended_t,
        end_reason=end_reason,
        samples=sum(by_status),
        last_id=last_id,
        next_seq=next_seq,
        by_status=dict(zip(Status, by_status, strict=True)),
    )

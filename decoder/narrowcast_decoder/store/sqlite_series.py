"""Samples and sessions as SQL: plain functions of a connection, no thread and no loop."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

from narrowcast_decoder.store import conflicts
from narrowcast_decoder.store.interface import (
    IdSpan,
    SeqGap,
    SessionState,
    SessionSummary,
)
from narrowcast_decoder.store.sqlite_schema import transaction
from narrowcast_shared.errors import UnknownSessionError
from narrowcast_shared.model_name import ModelName
from narrowcast_shared.samples import Sample, Status

# The one order of a sample's columns; _row and _sample speak it too.
_INSERT = """
    INSERT INTO samples
        (session, id, seq, t, status, valence, sigma, px, qp, wire_bps, latency_ms, cap_bps)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_READ = """
    SELECT id, seq, t, status, valence, sigma, px, qp, wire_bps, latency_ms, cap_bps FROM samples
    WHERE session = (SELECT key FROM sessions WHERE name = ?) AND id > ?
    ORDER BY id LIMIT ?
"""
# A name that no session can have: what `sqlite_deletion` is at work on.
_IS_SHOWN = "name NOT LIKE '-%'"

_BEGIN_SESSION = """
    INSERT INTO sessions (name, started_t, written_t, touched)
    VALUES (?, ?, ?, (SELECT coalesce(max(touched), 0) + 1 FROM sessions))
    ON CONFLICT (name) DO UPDATE
    SET ended_t = NULL, end_reason = NULL,
        written_t = excluded.written_t, touched = excluded.touched
"""
_SET_MODEL = "UPDATE sessions SET model = ?, model_sha256 = ? WHERE name = ?"
_ADVANCE_SESSION = """
    UPDATE sessions SET
        first_id = CASE first_id WHEN 0 THEN ? ELSE first_id END,
        first_t = coalesce(first_t, ?),
        last_id = ?, last_t = CASE WHEN next_seq < ? THEN ? ELSE last_t END,
        next_seq = max(next_seq, ?),
        ok = ok + ?, no_face = no_face + ?, skipped = skipped + ?, lost = lost + ?,
        written_t = ?, touched = (SELECT max(touched) + 1 FROM sessions)
    WHERE key = ?
"""
_END_SESSION = """
    UPDATE sessions SET
        ended_t = ?, end_reason = ?, written_t = ?,
        touched = (SELECT max(touched) + 1 FROM sessions)
    WHERE name = ?
"""
_SET_CLOCK = "UPDATE sessions SET clock_offset_ms = ?, clock_error_ms = ? WHERE name = ?"
_SUMMARY_COLUMNS = """
    SELECT name, started_t, written_t, ended_t, end_reason, model, model_sha256,
           clock_offset_ms, clock_error_ms, first_id, first_t,
           last_id, last_t, next_seq, ok, no_face, skipped, lost
    FROM sessions
"""
_SUMMARY = f"{_SUMMARY_COLUMNS} WHERE name = ?"
_SUMMARIES = f"{_SUMMARY_COLUMNS} WHERE {_IS_SHOWN} ORDER BY touched DESC LIMIT ?"
_OLDEST = f"{_SUMMARY_COLUMNS} WHERE {_IS_SHOWN} ORDER BY ended_t IS NULL, touched LIMIT ? OFFSET ?"
_SPAN = """
    SELECT min(id), max(id) FROM samples
    WHERE session = (SELECT key FROM sessions WHERE name = ?) AND t >= ? AND t < ?
"""

_POSITIONS = """
    SELECT name, key, last_id FROM sessions WHERE name IN (SELECT value FROM json_each(?))
"""
_SEQS_FROM_THE_END = """
    SELECT seq, t FROM samples
    WHERE session = (SELECT key FROM sessions WHERE name = ?) ORDER BY seq DESC
"""
_FIRST_ID = "SELECT first_id FROM sessions WHERE name = ?"


class _Position(NamedTuple):
    """Where a session's series stands."""

    key: int
    last_id: int


def append(connection: sqlite3.Connection, samples: Sequence[Sample], unix_s: float) -> None:
    """`SampleStore.append`, at `unix_s`."""
    by_session: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_session[sample.session].append(sample)
    rows: list[tuple[Any, ...]] = []
    advances: list[tuple[Any, ...]] = []
    with transaction(connection):
        positions = _positions(connection, (series[0] for series in by_session.values()), unix_s)
        for session, series in by_session.items():
            position = positions[session]
            new = [sample for sample in series if sample.id > position.last_id]
            _check_repeats(connection, [each for each in series if each.id <= position.last_id])
            _check_ids(position.last_id, new)
            if new:
                rows += [_row(position.key, sample) for sample in new]
                advances.append(_advance(position, new, unix_s))
        before = connection.total_changes
        try:
            connection.executemany(_INSERT, rows)  # of all sessions: a third less of its time
        except sqlite3.IntegrityError as error:
            key = rows[connection.total_changes - before][0]
            name = next(name for name, position in positions.items() if position.key == key)
            raise conflicts.doubled(name) from error
        connection.executemany(_ADVANCE_SESSION, advances)


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


def oldest(connection: sqlite3.Connection, limit: int, skip: int) -> list[SessionSummary]:
    """`SampleStore.oldest`."""
    return [_session_summary(row) for row in connection.execute(_OLDEST, (limit, skip))]


def span(connection: sqlite3.Connection, session: str, from_t: float, to_t: float) -> IdSpan | None:
    """`SampleStore.span`."""
    first, last = connection.execute(_SPAN, (session, from_t, to_t)).fetchone()
    return None if first is None else IdSpan(first, last)


def gaps(connection: sqlite3.Connection, session: str, missing: int) -> list[SeqGap]:
    """`SampleStore.gaps`."""
    found: list[SeqGap] = []
    rows = connection.execute(_SEQS_FROM_THE_END, (session,))
    for (after_seq, after_t), (seq, t) in pairwise(chain(rows, _before_all(connection, session))):
        if missing <= 0:
            break
        if after_seq > seq + 1:
            found.append(SeqGap(seq + 1, after_seq, after_t if t is None else t, after_t))
            missing -= after_seq - seq - 1
    return found[::-1]


def _before_all(connection: sqlite3.Connection, session: str) -> list[tuple[int, None]]:
    """In place of a row before the first of all; nothing where the beginning was deleted."""
    found = connection.execute(_FIRST_ID, (session,)).fetchone()
    return [(-1, None)] if found == (1,) else []


def note_started(
    connection: sqlite3.Connection, session: str, unix_s: float, model: ModelName
) -> None:
    """`SampleStore.note_started`; what comes is read with `model`."""
    with transaction(connection):
        connection.execute(_BEGIN_SESSION, (session, unix_s, unix_s))
        connection.execute(_SET_MODEL, (model.name, model.sha256, session))


def note_ended(connection: sqlite3.Connection, session: str, unix_s: float, reason: str) -> None:
    """`SampleStore.note_ended`."""
    with transaction(connection):
        values = (unix_s, reason, unix_s, session)
        changed = connection.execute(_END_SESSION, values).rowcount
    if not changed:
        raise UnknownSessionError(f"there is no session {session!r} to end")


def note_clock(
    connection: sqlite3.Connection, session: str, offset_ms: float, error_ms: float
) -> None:
    """`SampleStore.note_clock`."""
    with transaction(connection):
        connection.execute(_SET_CLOCK, (offset_ms, error_ms, session))


def _advance(position: _Position, new: list[Sample], unix_s: float) -> tuple[Any, ...]:
    """Values of `_ADVANCE_SESSION` for samples of one session, at least one."""
    counts = Counter(sample.status for sample in new)
    newest = max(new, key=lambda sample: sample.seq)  # what is filled in later comes after it
    next_seq = newest.seq + 1
    begins, ends = (new[0].id, new[0].t), (new[-1].id, next_seq, newest.t, next_seq)
    return (*begins, *ends, *(counts[status] for status in Status), unix_s, position.key)


def _positions(
    connection: sqlite3.Connection, firsts: Iterable[Sample], unix_s: float
) -> dict[str, _Position]:
    """Where sessions stand, by name, given the first new sample of each. A session begins here if
    nobody has announced it.
    """
    by_name = {sample.session: sample for sample in firsts}
    found = _announced(connection, by_name)
    if unannounced := by_name.keys() - found.keys():
        for name in sorted(unannounced):
            connection.execute(_BEGIN_SESSION, (name, by_name[name].t, unix_s))
        found |= _announced(connection, unannounced)
    return found


def _announced(connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, _Position]:
    rows = connection.execute(_POSITIONS, (json.dumps(list(names)),))
    return {name: _Position(key, last_id) for name, key, last_id in rows}


def _check_repeats(connection: sqlite3.Connection, repeats: list[Sample]) -> None:
    """Raises SeriesConflictError where a sample is not what is stored under its id.

    One below all that are stored was deleted since; it is not stored again.
    """
    if not repeats:
        return
    first, last = repeats[0].id, repeats[-1].id
    session = repeats[0].session
    stored = {
        sample.id: sample for sample in read(connection, session, first - 1, last - first + 1)
    }
    for sample in repeats:
        if sample.id >= min(stored, default=sample.id + 1) and stored.get(sample.id) != sample:
            raise conflicts.changed(session, sample.id)


def _check_ids(last_id: int, new: list[Sample]) -> None:
    """Raises SeriesConflictError where ids do not continue the series."""
    for expected, sample in enumerate(new, start=last_id + 1):
        if sample.id != expected:
            raise conflicts.left_out(sample.session, expected, sample.id)


def _row(key: int, sample: Sample) -> tuple[Any, ...]:
    return (
        key, sample.id, sample.seq, sample.t, sample.status.value, sample.valence, sample.sigma,
        sample.px, sample.qp, sample.wire_bps, sample.latency_ms, sample.cap_bps,
    )  # fmt: skip


def _sample(session: str, row: tuple[Any, ...]) -> Sample:
    sample_id, seq, t, status, valence, sigma, px, qp, wire_bps, latency_ms, cap_bps = row
    return Sample(
        id=sample_id, session=session, seq=seq, t=t, status=status, valence=valence, sigma=sigma,
        px=px, qp=qp, wire_bps=wire_bps, latency_ms=latency_ms, cap_bps=cap_bps,
    )  # fmt: skip


def _session_summary(row: tuple[Any, ...]) -> SessionSummary:
    name, started_t, written_t, ended_t, end_reason, model, model_sha256, *rest = row
    offset_ms, error_ms, *rest = rest
    first_id, first_t, last_id, last_t, next_seq, *by_status = rest
    return SessionSummary(
        session=name,
        state=SessionState.INTERRUPTED if ended_t is None else SessionState.ENDED,
        started_t=started_t,
        written_t=written_t,
        first_t=first_t,
        last_t=last_t,
        ended_t=ended_t,
        end_reason=end_reason,
        model=model,
        model_sha256=model_sha256,
        clock_offset_ms=offset_ms,
        clock_error_ms=error_ms,
        samples=sum(by_status),
        first_id=first_id,
        last_id=last_id,
        next_seq=next_seq,
        by_status=dict(zip(Status, by_status, strict=True)),
    )

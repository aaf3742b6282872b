"""Deleting samples and sessions as SQL, a batch at a time: between two, others may append.

Marks go with the samples that they stand beside.

A session that is deleted first loses its name, which takes no time and is final: no reader
finds it, and a new session may have the name. Its samples follow by and by, also after a
restart, and its row goes last, so that no new session takes its key while they are there.
"""

import sqlite3
from typing import NamedTuple

from narrowcast_decoder.store import sqlite_marks
from narrowcast_decoder.store.interface import Usage
from narrowcast_decoder.store.sqlite_schema import transaction
from narrowcast_shared.samples import Status

BATCH = 1000
"""Samples of one transaction: some 5 ms in which nobody appends."""

# No session's name begins with a dash (`wire.messages.SESSION_PATTERN`).
_HIDE = """
    UPDATE sessions SET name = '-' || key WHERE name = ? AND written_t < coalesce(?, 9e999)
"""
_HIDDEN = "SELECT key FROM sessions WHERE name GLOB '-*' LIMIT 1"
_FORGET = "DELETE FROM sessions WHERE key = ?"
_FIRST_IDS = "SELECT id FROM samples WHERE session = ? AND id < ? ORDER BY id LIMIT ?"
_COUNT = """
    SELECT status, count(*) FROM samples WHERE session = ? AND id <= ? GROUP BY status
"""
_DELETE = "DELETE FROM samples WHERE session = ? AND id <= ?"
_FIRST_LEFT = "SELECT id, t FROM samples WHERE session = ? ORDER BY id LIMIT 1"
_SHORTEN_SESSION = """
    UPDATE sessions SET
        first_id = ?, first_t = ?,
        ok = ok - ?, no_face = no_face - ?, skipped = skipped - ?, lost = lost - ?
    WHERE key = ?
"""
_USAGE = "SELECT coalesce(sum(ok + no_face + skipped + lost), 0) FROM sessions"


class _Left(NamedTuple):
    """What a series begins with once its beginning is deleted."""

    first_id: int = 0
    first_t: float | None = None


def hide(connection: sqlite3.Connection, session: str, written_before: float | None) -> bool:
    """Take a session's name away; False where there is none that may be deleted."""
    with transaction(connection):
        return connection.execute(_HIDE, (session, written_before)).rowcount > 0


def purge(connection: sqlite3.Connection) -> bool:
    """Delete the next batch of what has lost its name; False where there is no more."""
    with transaction(connection):
        row = connection.execute(_HIDDEN).fetchone()
        if row is None:
            return False
        (key,) = row
        if not _delete_first(connection, key, _EVERY_ID):
            sqlite_marks.delete_all(connection, key)
            connection.execute(_FORGET, (key,))
    return True


def trim(connection: sqlite3.Connection, session: str, before_id: int) -> int:
    """Delete the next batch of samples below `before_id`; how many there were."""
    with transaction(connection):
        row = connection.execute("SELECT key FROM sessions WHERE name = ?", (session,)).fetchone()
        return _delete_first(connection, row[0], before_id) if row else 0


def forget_log(connection: sqlite3.Connection) -> bool:
    """Empty the write-ahead log, where deleted samples may still stand.

    False where readers that it has waited for, as for any lock, would not let it.
    """
    is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy


def usage(connection: sqlite3.Connection) -> Usage:
    """`SampleStore.usage`. Pages that are free are not counted: they are filled again."""
    (samples,) = connection.execute(_USAGE).fetchone()
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    return Usage(samples, (pages - free) * page_bytes)


_EVERY_ID = 2**63 - 1


def _delete_first(connection: sqlite3.Connection, key: int, before_id: int) -> int:
    """Delete a session's first samples below `before_id`, at most a batch, in a transaction."""
    ids = connection.execute(_FIRST_IDS, (key, before_id, BATCH)).fetchall()
    if not ids:
        return 0
    (last_id,) = ids[-1]
    counts = dict(connection.execute(_COUNT, (key, last_id)))
    connection.execute(_DELETE, (key, last_id))
    left = _Left(*(connection.execute(_FIRST_LEFT, (key,)).fetchone() or ()))
    sqlite_marks.delete_old(connection, key, left.first_t)
    by_status = [counts.get(status.value, 0) for status in Status]
    connection.execute(_SHORTEN_SESSION, (*left, *by_status, key))
    return len(ids)

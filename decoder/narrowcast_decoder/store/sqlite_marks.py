"""Marks as SQL: plain functions of a connection, no thread and no loop."""

import sqlite3

from narrowcast_decoder.store.interface import MarksFullError
from narrowcast_decoder.store.sqlite_schema import transaction
from narrowcast_shared.errors import UnknownSessionError
from narrowcast_shared.marks import MAX_MARKS, Mark

_READ = """
    SELECT id, t, text FROM marks
    WHERE session = (SELECT key FROM sessions WHERE name = ?) AND id > ?
    ORDER BY id LIMIT ?
"""
_POSITION = """
    SELECT key, last_mark_id, (SELECT count(*) FROM marks WHERE session = key)
    FROM sessions WHERE name = ?
"""
_COUNT_ON = "UPDATE sessions SET last_mark_id = ? WHERE key = ?"
_INSERT = "INSERT INTO marks (session, id, t, text) VALUES (?, ?, ?, ?)"
_DELETE_OLD = """
    DELETE FROM marks
    WHERE session = ? AND t < coalesce(?, (SELECT last_t FROM sessions WHERE key = session))
"""
_DELETE_ALL = "DELETE FROM marks WHERE session = ?"


def read(connection: sqlite3.Connection, session: str, after_id: int, limit: int) -> list[Mark]:
    """`SampleStore.marks`."""
    rows = connection.execute(_READ, (session, after_id, limit))
    return [Mark(id=mark_id, t=t, text=text) for mark_id, t, text in rows]


def add(connection: sqlite3.Connection, session: str, t: float, text: str) -> Mark:
    """`SampleStore.add_mark`."""
    with transaction(connection):
        row = connection.execute(_POSITION, (session,)).fetchone()
        if row is None:
            raise UnknownSessionError(f"there is no session {session!r} to mark")
        key, last_id, count = row
        if count >= MAX_MARKS:
            raise MarksFullError(session)
        mark = Mark(id=last_id + 1, t=t, text=text)
        connection.execute(_COUNT_ON, (mark.id, key))
        connection.execute(_INSERT, (key, mark.id, t, text))
    return mark


def delete_old(connection: sqlite3.Connection, key: int, first_t: float | None) -> None:
    """Delete the marks before a session's first sample that is left, inside a transaction.

    first_t: its capture time (s); None where there is none: then the marks before the last.
    """
    connection.execute(_DELETE_OLD, (key, first_t))


def delete_all(connection: sqlite3.Connection, key: int) -> None:
    """Delete all marks of a session, inside a transaction."""
    connection.execute(_DELETE_ALL, (key,))

"""The SQLite file of a store: its tables, its version, and how a connection is set up."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from narrowcast_shared.errors import StoreError

APPLICATION_ID = 0x6E637374
"""Marks the file as ours in its header (`file` shows it): "ncst" in ASCII."""

SCHEMA_VERSION = 1

# `touched` counts transactions, so that "newest activity" needs no clock. A session's numbers
# stand in its row and change with its samples, so that no summary ever counts rows.
_TABLES = (
    """
    CREATE TABLE sessions (
        key        INTEGER PRIMARY KEY,
        name       TEXT    NOT NULL UNIQUE,
        started_t  REAL    NOT NULL,
        ended_t    REAL,
        end_reason TEXT,
        last_t     REAL,
        last_id    INTEGER NOT NULL DEFAULT 0,
        next_seq   INTEGER NOT NULL DEFAULT 0,
        ok         INTEGER NOT NULL DEFAULT 0,
        no_face    INTEGER NOT NULL DEFAULT 0,
        skipped    INTEGER NOT NULL DEFAULT 0,
        lost       INTEGER NOT NULL DEFAULT 0,
        touched    INTEGER NOT NULL
    )
    """,
    "CREATE INDEX sessions_touched ON sessions (touched)",
    """
    CREATE TABLE samples (
        session    INTEGER NOT NULL REFERENCES sessions (key),
        id         INTEGER NOT NULL,
        seq        INTEGER NOT NULL,
        t          REAL    NOT NULL,
        status     TEXT    NOT NULL,
        valence    REAL,
        sigma      REAL,
        px         INTEGER,
        qp         INTEGER,
        wire_bps   INTEGER,
        latency_ms REAL,
        PRIMARY KEY (session, id),
        UNIQUE (session, seq)
    ) WITHOUT ROWID
    """,
)


def open_writer(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """A connection that writes; the file and its folder are made where they are not there.

    Raises StoreError where the file is of a newer schema or of something else, and whatever
    SQLite raises where it cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"there can be no folder {path.parent} for the store ({error.strerror})",
            "name a file in a folder that can be written",
        ) from error
    connection = _connect(path, busy_timeout_s)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """A connection to a file that `open_writer` has prepared; it cannot write."""
    connection = _connect(path, busy_timeout_s)
    connection.execute("PRAGMA query_only = ON")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is written inside is kept together, or, on any exception, not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()  # nothing happens where SQLite has rolled back by itself
        raise


def _connect(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    # isolation_level None: no transaction is begun behind our back.
    return sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Check the version before anything is changed, then create what is missing."""
    _check_version(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    # In WAL mode NORMAL loses no committed sample when the process dies; a power cut may take
    # the last ones, which the encoder sends again (https://sqlite.org/pragma.html#pragma_synchronous).
    connection.execute("PRAGMA synchronous = NORMAL")
    with transaction(connection):
        if _check_version(connection, path) == 0:  # again: another process may have been faster
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _check_version(connection: sqlite3.Connection, path: Path) -> int:
    """The file's schema version, 0 where it is empty. Raises StoreError where it is not ours."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables == 0:
        return 0
    if application != APPLICATION_ID:
        raise StoreError(
            f"{path} is a database of something else", "name another file for the store"
        )
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"the store {path} has schema version {version}, this release writes {SCHEMA_VERSION}",
            "use the release of narrowcast that wrote it, or name another file",
        )
    return SCHEMA_VERSION

"""The SQLite file of a store: its tables, its version, and how a connection is set up."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from narrowcast_shared.errors import StoreError

_log = logging.getLogger(__name__)

APPLICATION_ID = 0x6E637374
"""Marks the file as ours in its header (`file` shows it): "ncst" in ASCII."""

SCHEMA_VERSION = 4

# `touched` counts transactions, so that "newest activity" needs no clock. A session's numbers
# stand in its row and change with its samples, so that no summary ever counts rows.
_FIRST_TABLES = (
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

# What a series begins with, now that its beginning may be deleted; when it was last written to,
# and read with what. Of an older file the times are as near as it tells them.
_BEGINNINGS_AND_TIMES = (
    "ALTER TABLE sessions ADD COLUMN first_id INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN first_t REAL",
    "ALTER TABLE sessions ADD COLUMN written_t REAL NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN model TEXT",
    """
    UPDATE sessions SET
        first_id = min(last_id, 1),
        first_t = (SELECT t FROM samples WHERE session = key AND id = 1),
        written_t = coalesce(ended_t, last_t, started_t)
    """,
    "CREATE INDEX samples_t ON samples (session, t)",
)

# What the encoder keeps its wire rate under, how far its clock is from the decoder's, and marks.
# Numbers of marks are given out once, also where the last one is deleted with the beginning.
_CAPS_CLOCKS_AND_MARKS = (
    "ALTER TABLE samples ADD COLUMN cap_bps INTEGER",
    "ALTER TABLE sessions ADD COLUMN clock_offset_ms REAL",
    "ALTER TABLE sessions ADD COLUMN clock_error_ms REAL",
    "ALTER TABLE sessions ADD COLUMN last_mark_id INTEGER NOT NULL DEFAULT 0",
    """
    CREATE TABLE marks (
        session INTEGER NOT NULL REFERENCES sessions (key),
        id      INTEGER NOT NULL,
        t       REAL    NOT NULL,
        text    TEXT    NOT NULL,
        PRIMARY KEY (session, id)
    ) WITHOUT ROWID
    """,
)

# Which weights the model was: a name alone may be that of others later.
_WEIGHTS = ("ALTER TABLE sessions ADD COLUMN model_sha256 TEXT",)

_UPGRADES = (_FIRST_TABLES, _BEGINNINGS_AND_TIMES, _CAPS_CLOCKS_AND_MARKS, _WEIGHTS)
"""What makes a file of each version, from 0 (empty) on, one of the next."""

assert len(_UPGRADES) == SCHEMA_VERSION


def open_writer(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """A connection that writes; the file is made where it is not there.

    A file of an older schema is brought up to date. Raises StoreError where it is of a newer
    one or of something else, and whatever SQLite raises where it cannot be opened.
    """
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


def open_offline(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """A connection to a file that no decoder holds; nothing is written, not even beside it.

    Raises StoreError where it is of another schema or of something else.
    """
    # Immutable: SQLite makes no files beside it. A log that a decoder left there when it was
    # killed has its newest samples, and SQLite has to read that too.
    logged = path.with_name(f"{path.name}-wal").exists()
    query = "mode=ro" if logged else "mode=ro&immutable=1"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{query}",
        uri=True,
        timeout=busy_timeout_s,
        isolation_level=None,
    )
    try:
        _check_readable(connection, path)
    except BaseException:
        connection.close()
        raise
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


def write_nothing(connection: sqlite3.Connection) -> None:
    """Write the schema's version as it is: a page goes to the log, as with any write."""
    with transaction(connection):
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


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
    # What is deleted is overwritten: a session that somebody wanted gone is not to be found in
    # the free pages of the file either.
    connection.execute("PRAGMA secure_delete = ON")
    with transaction(connection):
        version = _check_version(connection, path)
        if 0 < version < SCHEMA_VERSION:
            _log.info("the store %s is brought from schema %d to %d", path, version, SCHEMA_VERSION)
        for statements in _UPGRADES[version:]:
            for statement in statements:
                connection.execute(statement)
        if version < SCHEMA_VERSION:
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
    if not 0 < version <= SCHEMA_VERSION:
        raise StoreError(
            f"the store {path} has schema version {version}, this release writes {SCHEMA_VERSION}",
            "use the release of narrowcast that wrote it, or name another file",
        )
    return int(version)


def _check_readable(connection: sqlite3.Connection, path: Path) -> None:
    """Raises StoreError where the file is not of this very schema."""
    version = _check_version(connection, path)
    if version < SCHEMA_VERSION:
        raise StoreError(
            f"the store {path} has schema version {version}, and {SCHEMA_VERSION} is read",
            f"`narrowcast serve --store {path}` brings it up to date",
        )

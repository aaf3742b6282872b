"""A store's file read without a decoder: for commands, and only where no decoder holds it."""

import sqlite3
from collections.abc import AsyncGenerator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from narrowcast_decoder.store import sqlite_file, sqlite_marks, sqlite_schema, sqlite_series
from narrowcast_decoder.store.interface import SessionSummary
from narrowcast_decoder.store.sqlite import BUSY_TIMEOUT_S
from narrowcast_decoder.store.sqlite_errors import store_error
from narrowcast_shared.archive import MAX_SESSIONS, PAGE_SAMPLES, SessionInfo, TimeSpan
from narrowcast_shared.errors import StoreError, UnknownSessionError
from narrowcast_shared.marks import MAX_MARKS, Mark
from narrowcast_shared.samples import Sample


def open_offline(path: Path) -> "OfflineArchive":
    """The series in the file at `path`. Raises StoreError where it cannot be read, or is held."""
    if not path.is_file():
        raise StoreError(f"there is no store {path}", "name the file that `serve --store` wrote")
    if sqlite_file.is_held(path):
        raise StoreError(
            f"the store {path} is held by a decoder that runs", "ask that one, with --decoder"
        )
    with _telling(path):
        return OfflineArchive(path, sqlite_schema.open_offline(path, BUSY_TIMEOUT_S))


class OfflineArchive:
    """A `narrowcast_shared.archive.Archive`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    async def sessions(self) -> list[SessionInfo]:
        with _telling(self._path):
            listed = sqlite_series.summaries(self._connection, MAX_SESSIONS)
        return [_info(summary) for summary in listed]

    async def session(self, name: str) -> SessionInfo:
        with _telling(self._path):
            summary = sqlite_series.summary(self._connection, name)
        if summary is None:
            raise UnknownSessionError(
                f"there is no session {name!r}", "`narrowcast sessions` lists those there are"
            )
        return _info(summary)

    async def marks(self, session: str) -> list[Mark]:
        with _telling(self._path):
            return sqlite_marks.read(self._connection, session, 0, MAX_MARKS)

    async def pages(
        self, session: SessionInfo, span: TimeSpan
    ) -> AsyncGenerator[list[Sample], None]:
        after_id = 0
        from_t, to_t = _bounds(span)
        while page := self._read(session.session, after_id):
            after_id = page[-1].id
            if found := [sample for sample in page if from_t <= sample.t < to_t]:
                yield found

    def _read(self, session: str, after_id: int) -> list[Sample]:
        with _telling(self._path):
            return sqlite_series.read(self._connection, session, after_id, PAGE_SAMPLES)

    def close(self) -> None:
        """Let go of the file."""
        with closing(self._connection):
            pass


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """SQLite's errors come out as StoreErrors."""
    try:
        yield
    except sqlite3.Error as error:
        raise store_error(path, error) from error


def _info(summary: SessionSummary) -> SessionInfo:
    return SessionInfo.model_validate(summary.model_dump())


def _bounds(span: TimeSpan) -> tuple[float, float]:
    from_t = float("-inf") if span.from_t is None else span.from_t
    return from_t, float("inf") if span.to_t is None else span.to_t

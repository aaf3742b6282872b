"""The default store: one SQLite file in WAL mode. It survives the end of the process."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from narrowcast_decoder.store import (
    sqlite_deletion,
    sqlite_marks,
    sqlite_schema,
    sqlite_series,
)
from narrowcast_decoder.store.holds import Holds
from narrowcast_decoder.store.interface import (
    DEFAULT_PAGE,
    NO_HOLDS,
    IdSpan,
    SeqGap,
    SessionSummary,
    Usage,
)
from narrowcast_decoder.store.sqlite_file import StoreFile
from narrowcast_decoder.store.sqlite_worker import SqliteWorker
from narrowcast_shared.clock import Clock, SystemClock
from narrowcast_shared.marks import MAX_MARKS, Mark
from narrowcast_shared.model_name import UNKNOWN_MODEL, ModelName
from narrowcast_shared.samples import Sample

_log = logging.getLogger(__name__)

T = TypeVar("T")

BUSY_TIMEOUT_S = 0.3
"""How long a call waits for another process that holds the file. So does the service's end."""

FORGET_TRIES = 3
"""To empty the log; nobody appends while one of them waits."""

_US_PER_S = 1_000_000


class SqliteStore:
    """A `SampleStore`. Reads have a connection of their own: no download delays an append. So have
    searches, which may take seconds in a long series: no other read waits for them.
    """

    def __init__(
        self,
        file: StoreFile,
        writer: SqliteWorker,
        reader: SqliteWorker,
        searcher: SqliteWorker,
        clock: Clock,
        model: ModelName,
    ) -> None:
        self._file = file
        self._writer = writer
        self._reader = reader
        self._searcher = searcher
        self._clock = clock
        self._model = model
        self._holds = Holds()

    @classmethod
    async def open(
        cls,
        path: Path,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        *,
        model: ModelName = UNKNOWN_MODEL,
        clock: Clock | None = None,
    ) -> Self:
        """The store in the file at `path`, which is made, folder and all, if need be.

        model: what the samples that are appended are read with; noted with each session.

        Raises StoreError where it cannot be opened, is in use, of a newer schema or no store.
        """
        file = await asyncio.to_thread(StoreFile.hold, path)
        openers = (sqlite_schema.open_writer, sqlite_schema.open_reader, sqlite_schema.open_reader)
        workers: list[SqliteWorker] = []
        try:
            for opener in openers:  # one after the other: the first one makes the file
                connect = partial(opener, path, busy_timeout_s)
                workers.append(await SqliteWorker.start(path, connect))
        except BaseException:
            for worker in workers:
                await worker.close()
            file.release()
            raise
        file.opened()
        writer, reader, searcher = workers
        return cls(file, writer, reader, searcher, clock or SystemClock(), model)

    async def append(self, samples: Sequence[Sample], holds: Mapping[str, int] = NO_HOLDS) -> None:
        self._holds.check(samples, holds)  # a newer hold's samples queue up behind these
        unix_s = self._clock.unix_us() / _US_PER_S
        await self._write(lambda connection: sqlite_series.append(connection, samples, unix_s))

    async def read(
        self, session: str, after_id: int = 0, limit: int = DEFAULT_PAGE
    ) -> list[Sample]:
        return await self._reader.run(
            lambda connection: sqlite_series.read(connection, session, after_id, limit)
        )

    async def span(self, session: str, from_t: float, to_t: float) -> IdSpan | None:
        return await self._searcher.run(
            lambda connection: sqlite_series.span(connection, session, from_t, to_t)
        )

    async def gaps(self, session: str, missing: int) -> list[SeqGap]:
        return await self._searcher.run(
            lambda connection: sqlite_series.gaps(connection, session, missing)
        )

    async def summary(self, session: str) -> SessionSummary | None:
        found = await self._reader.run(
            lambda connection: sqlite_series.summary(connection, session)
        )
        return None if found is None else self._holds.with_live(found)

    async def summaries(self, limit: int = DEFAULT_PAGE) -> list[SessionSummary]:
        found = await self._reader.run(
            lambda connection: sqlite_series.summaries(connection, limit)
        )
        return [self._holds.with_live(summary) for summary in found]

    async def oldest(self, limit: int = DEFAULT_PAGE, skip: int = 0) -> list[SessionSummary]:
        found = await self._reader.run(
            lambda connection: sqlite_series.oldest(connection, limit, skip)
        )
        return [self._holds.with_live(summary) for summary in found]

    async def usage(self) -> Usage:
        return await self._reader.run(sqlite_deletion.usage)

    async def trim(self, session: str, before_id: int) -> int:
        deleted = 0
        while batch := await self._write(
            lambda connection: sqlite_deletion.trim(connection, session, before_id)
        ):
            deleted += batch
        return deleted

    async def delete(
        self,
        session: str,
        written_before: float | None = None,
        on_gone: Callable[[], None] | None = None,
    ) -> bool:
        found = await self._write(
            lambda connection: sqlite_deletion.hide(connection, session, written_before)
        )
        if found:
            self._holds.forget(session)
            if on_gone is not None:
                on_gone()
        # Also what an end of the process left half deleted.
        purged = False
        while await self._write(sqlite_deletion.purge):
            purged = True
        if purged:
            await self._forget_log()
        return found

    async def check_writable(self) -> None:
        await self._write(sqlite_schema.write_nothing)

    async def note_started(self, session: str, unix_s: float, hold: int | None = None) -> int:
        await self._write(
            lambda connection: sqlite_series.note_started(connection, session, unix_s, self._model)
        )
        return self._holds.take(session, hold)

    async def note_left(self, session: str, hold: int) -> None:
        self._holds.leave(session, hold)

    async def note_ended(
        self, session: str, unix_s: float, reason: str, hold: int | None = None
    ) -> None:
        if hold is not None:
            self._holds.check_one(session, hold)
        await self._write(
            lambda connection: sqlite_series.note_ended(connection, session, unix_s, reason)
        )
        self._holds.end(session)

    async def note_clock(self, session: str, offset_ms: float, error_ms: float, hold: int) -> None:
        if self._holds.is_current(session, hold):
            await self._write(
                lambda connection: sqlite_series.note_clock(
                    connection, session, offset_ms, error_ms
                )
            )

    async def marks(self, session: str, after_id: int = 0, limit: int = MAX_MARKS) -> list[Mark]:
        return await self._reader.run(
            lambda connection: sqlite_marks.read(connection, session, after_id, limit)
        )

    async def add_mark(self, session: str, t: float, text: str) -> Mark:
        return await self._write(lambda connection: sqlite_marks.add(connection, session, t, text))

    async def take_turn(self, task: str, for_s: float) -> bool:  # noqa: ARG002 - there is no other
        return True

    async def close(self) -> None:
        for worker in (self._searcher, self._reader, self._writer):
            await worker.close()
        self._file.release()

    async def _forget_log(self) -> None:
        """Have nothing of what was deleted in the log: behind a long read, once that is over."""
        for _ in range(FORGET_TRIES):
            if await self._write(sqlite_deletion.forget_log):
                return
            for worker in (self._searcher, self._reader):
                await worker.run(lambda _: None)
        _log.warning("another process reads the store: its log has what was deleted for a while")

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns, done on the file that was opened and on no other."""

        def checked(connection: sqlite3.Connection) -> T:
            self._file.check()
            return work(connection)

        return await self._writer.run(checked)

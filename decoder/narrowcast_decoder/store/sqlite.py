"""The default store: one SQLite file in WAL mode. It survives the end of the process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from narrowcast_decoder.store import sqlite_schema, sqlite_series
from narrowcast_decoder.store.interface import DEFAULT_PAGE, SessionSummary
from narrowcast_decoder.store.sqlite_worker import SqliteWorker
from narrowcast_shared.samples import Sample

BUSY_TIMEOUT_S = 0.3
"""How long a call waits for another process that holds the file. So does the service's end."""


class SqliteStore:
    """A `SampleStore`. Reads have a connection of their own: no download delays an append."""

    def __init__(self, writer: SqliteWorker, reader: SqliteWorker) -> None:
        self._writer = writer
        self._reader = reader

    @classmethod
    async def open(cls, path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Self:
        """The store in the file at `path`, which is made, folder and all, if need be.

        Raises StoreError where it cannot be opened, is of a newer schema or no store at all.
        """
        writer = await SqliteWorker.start(
            path, lambda: sqlite_schema.open_writer(path, busy_timeout_s)
        )
        try:
            reader = await SqliteWorker.start(
                path, lambda: sqlite_schema.open_reader(path, busy_timeout_s)
            )
        except BaseException:
            await writer.close()
            raise
        return cls(writer, reader)

    async def append(self, samples: Sequence[Sample]) -> None:
        await self._writer.run(lambda connection: sqlite_series.append(connection, samples))

    async def read(
        self, session: str, after_id: int = 0, limit: int = DEFAULT_PAGE
    ) -> list[Sample]:
        return await self._reader.run(
            lambda connection: sqlite_series.read(connection, session, after_id, limit)
        )

    async def summary(self, session: str) -> SessionSummary | None:
        return await self._reader.run(lambda connection: sqlite_series.summary(connection, session))

    async def summaries(self, limit: int = DEFAULT_PAGE) -> list[SessionSummary]:
        return await self._reader.run(lambda connection: sqlite_series.summaries(connection, limit))

    async def note_started(self, session: str, unix_s: float) -> None:
        await self._writer.run(
            lambda connection: sqlite_series.note_started(connection, session, unix_s)
        )

    async def note_ended(self, session: str, unix_s: float, reason: str) -> None:
        await self._writer.run(
            lambda connection: sqlite_series.note_ended(connection, session, unix_s, reason)
        )

    async def close(self) -> None:
        await self._reader.close()
        await self._writer.close()

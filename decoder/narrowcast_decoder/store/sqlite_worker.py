"""One SQLite connection on one thread of its own, so that no event loop waits for a disk."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from narrowcast_decoder.store.sqlite_errors import store_error
from narrowcast_shared.errors import StoreError

T = TypeVar("T")


class SqliteWorker:
    """Runs pieces of work on its connection, one after another, in the order of the calls.

    The queue before the thread is bounded by the callers: each awaits its piece of work
    before it brings the next.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="narrowcast-store")
        self._connection: sqlite3.Connection | None = None

    @classmethod
    async def start(cls, path: Path, connect: Callable[[], sqlite3.Connection]) -> Self:
        """A worker whose connection `connect` has opened on the worker's thread."""
        worker = cls(path)
        try:
            worker._connection = await worker._call(connect)
        except BaseException:
            worker._thread.shutdown(wait=False)
            raise
        return worker

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns. SQLite's errors come out as StoreError."""
        connection = self._connection
        if connection is None:
            raise StoreError(f"the store {self._path} is closed")
        return await self._call(lambda: work(connection))

    async def close(self) -> None:
        """Close the connection after the work that is waiting, and end the thread."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._call(connection.close)
            self._thread.shutdown()

    async def _call(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (sqlite3.Error, OverflowError) as error:
            raise store_error(self._path, error) from error

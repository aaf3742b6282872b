"""What is SQLite's own: the file, its version, and its faults as errors that help."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from narrowcast_decoder.store import sqlite_series
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_decoder.store.sqlite_schema import SCHEMA_VERSION
from narrowcast_shared.errors import StoreError
from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]


def run(
    path: Path, test: Callable[[SqliteStore], Awaitable[None]], busy_timeout_s: float = 0.1
) -> None:
    async def scenario() -> None:
        store = await SqliteStore.open(path, busy_timeout_s)
        try:
            await test(store)
        finally:
            await store.close()

    asyncio.run(scenario())


async def nothing(_: SqliteStore) -> None:
    """Open and close."""


def sql(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def test_the_file_is_a_marked_wal_database(tmp_path: Path) -> None:
    path = tmp_path / "series.sqlite"
    run(path, nothing)

    assert sql(path, "PRAGMA journal_mode") == [("wal",)]
    assert sql(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert path.read_bytes()[68:72] == b"ncst"


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "series.sqlite"
    run(path, nothing)
    sql(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()

    with pytest.raises(StoreError, match=f"has schema version {SCHEMA_VERSION + 1}"):
        run(path, nothing)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    sql(path, "CREATE TABLE theirs (x)")
    before = path.read_bytes()

    with pytest.raises(StoreError, match="database of something else"):
        run(path, nothing)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database " * 100)

    with pytest.raises(StoreError, match="is no SQLite database: name another file"):
        run(path, nothing)


def test_a_folder_in_the_files_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        run(tmp_path, nothing)


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="there can be no folder"):
        run(tmp_path / "file" / "series.sqlite", nothing)


def test_a_locked_file_is_an_error_and_then_none(tmp_path: Path, series: Series) -> None:
    path = tmp_path / "series.sqlite"

    async def test(store: SqliteStore) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="locked by another process"):
                await store.append(series("a", 1))
        await store.append(series("a", 1))
        assert await store.read("a") == series("a", 1)

    run(path, test)


def test_a_full_disk_costs_the_append_and_nothing_else(tmp_path: Path, series: Series) -> None:
    async def test(store: SqliteStore) -> None:
        await store.append(series("a", 10))
        await store._writer.run(lambda connection: connection.execute("PRAGMA max_page_count = 1"))
        with pytest.raises(StoreError, match="no room left on its disk: free some space"):
            await store.append(series("a", 5000, first_id=11))

        assert await store.read("a", limit=100) == series("a", 10)
        await store._writer.run(
            lambda connection: connection.execute("PRAGMA max_page_count = 100000")
        )
        await store.append(series("a", 5000, first_id=11))
        assert len(await store.read("a", limit=6000)) == 5010

    run(tmp_path / "series.sqlite", test)


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path, series: Series) -> None:
    async def test(store: SqliteStore) -> None:
        await store._writer.run(lambda connection: connection.execute("PRAGMA query_only = ON"))
        with pytest.raises(StoreError, match="cannot be written: check its permissions"):
            await store.append(series("a", 1))

    run(tmp_path / "series.sqlite", test)


def test_a_number_that_sqlite_cannot_hold_is_an_error(tmp_path: Path, series: Series) -> None:
    async def test(store: SqliteStore) -> None:
        (sample,) = series("a", 1)
        with pytest.raises(StoreError, match="too large"):
            await store.append([sample.model_copy(update={"seq": 2**63})])
        await store.append([sample])

    run(tmp_path / "series.sqlite", test)


def test_the_event_loop_goes_on_while_the_store_waits(tmp_path: Path, series: Series) -> None:
    """1. Another process holds the lock. 2. An append waits 500 ms. 3. The loop ticks."""
    path = tmp_path / "series.sqlite"

    async def longest_pause_s(until: asyncio.Task[None]) -> float:
        longest, last = 0.0, time.monotonic()
        while not until.done():
            await asyncio.sleep(0.001)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
        return longest

    async def test(store: SqliteStore) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            append = asyncio.create_task(store.append(series("a", 1)))
            assert await longest_pause_s(append) < 0.4
            with pytest.raises(StoreError):
                await append

    run(path, test, busy_timeout_s=0.5)


def test_summaries_read_no_samples(tmp_path: Path, series: Series) -> None:
    async def test(store: SqliteStore) -> None:
        await store.append(series("a", 10))
        plan = await store._writer.run(
            lambda connection: connection.execute(
                f"EXPLAIN QUERY PLAN {sqlite_series._SUMMARIES}", (10,)
            ).fetchall()
        )
        assert [row[-1] for row in plan] == ["SCAN sessions USING INDEX sessions_touched"]

    run(tmp_path / "series.sqlite", test)

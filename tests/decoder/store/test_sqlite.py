"""What is SQLite's own: the file, its version, and its faults as errors that help."""

import asyncio
import os
import sqlite3
import struct
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from itertools import chain
from pathlib import Path

import pytest

from narrowcast_decoder.store import sqlite_deletion, sqlite_schema, sqlite_series
from narrowcast_decoder.store.interface import StoreBusyError
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
    for folder in (tmp_path, Path(".")):  # noqa: PTH201 - as a user writes it; its name is empty
        with pytest.raises(StoreError, match="is a folder: name a file in it"):
            run(folder, nothing)
    assert not (tmp_path.parent / f"{tmp_path.name}.lock").exists()


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="there can be no folder"):
        run(tmp_path / "file" / "series.sqlite", nothing)


def test_a_locked_file_is_an_error_and_then_none(tmp_path: Path, series: Series) -> None:
    path = tmp_path / "series.sqlite"

    async def test(store: SqliteStore) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreBusyError, match="locked by another process"):
                await store.append(series("a", 1))
            with pytest.raises(StoreBusyError, match="locked by another process"):
                await store.check_writable()
        await store.append(series("a", 1))
        assert await store.read("a") == series("a", 1)

    run(path, test)


def test_a_full_disk_costs_the_append_and_nothing_else(tmp_path: Path, series: Series) -> None:
    async def test(store: SqliteStore) -> None:
        await store.append(series("a", 10))
        await store._writer.run(lambda connection: connection.execute("PRAGMA max_page_count = 1"))
        with pytest.raises(StoreBusyError, match="no room left on its disk: free some space"):
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
        with pytest.raises(StoreError, match="cannot be written: check its permissions"):
            await store.check_writable()

    run(tmp_path / "series.sqlite", test)


def test_a_number_that_sqlite_cannot_hold_is_an_error(tmp_path: Path, series: Series) -> None:
    async def test(store: SqliteStore) -> None:
        (sample,) = series("a", 1)
        with pytest.raises(StoreError, match="too large"):
            await store.append([sample.model_copy(update={"seq": 2**63})])
        await store.append([sample])

    run(tmp_path / "series.sqlite", test)


def test_the_event_loop_goes_on_while_the_store_waits(tmp_path: Path, series: Series) -> None:
    """1. Another process holds the lock. 2. An append waits 2 s. 3. The loop ticks."""
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
            assert await longest_pause_s(append) < 1.6
            with pytest.raises(StoreError):
                await append

    run(path, test, busy_timeout_s=2.0)


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


def test_a_time_is_found_by_an_index(tmp_path: Path, series: Series) -> None:
    async def test(store: SqliteStore) -> None:
        await store.append(series("a", 10))
        plan = await store._writer.run(
            lambda connection: connection.execute(
                f"EXPLAIN QUERY PLAN {sqlite_series._SPAN}", ("a", 0.0, 1.0)
            ).fetchall()
        )
        assert "USING COVERING INDEX samples_t (session=? AND t>? AND t<?)" in plan[0][-1]

    run(tmp_path / "series.sqlite", test)


def write_schema_1(path: Path) -> None:
    """A file as the first release left it."""
    script = Path(__file__).with_name("schema_1.sql").read_text()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def test_a_file_of_the_first_schema_is_brought_up_to_date(tmp_path: Path, series: Series) -> None:
    path = tmp_path / "series.sqlite"
    write_schema_1(path)

    async def test(store: SqliteStore) -> None:
        assert await store.read("ended") == series("ended", 30)
        ended, going, empty = [await store.summary(s) for s in ("ended", "going", "empty")]
        assert ended is not None
        assert going is not None
        assert empty is not None
        first, last = series("ended", 30)[0], series("ended", 30)[-1]
        assert (ended.first_id, ended.first_t, ended.last_t) == (1, first.t, last.t)
        assert (ended.written_t, ended.model, ended.samples) == (1767225700.0, None, 30)
        assert going.written_t == going.last_t == series("going", 12)[-1].t
        assert (empty.first_id, empty.first_t, empty.written_t) == (0, None, 1767225800.0)
        assert (ended.clock_offset_ms, ended.clock_error_ms) == (None, None)
        assert ended.model_sha256 is None
        assert await store.marks("ended") == []
        assert (await store.add_mark("ended", 1.0, "seen later")).id == 1
        await store.append(series("going", 3, first_id=13))
        assert await store.span("going", series("going", 12)[-1].t, 2e9) == (12, 15)
        assert await store.delete("ended")

    run(path, test)
    fresh = tmp_path / "fresh.sqlite"
    run(fresh, nothing)
    tables = "SELECT sql FROM sqlite_master WHERE sql NOT NULL ORDER BY name"
    assert [" ".join(str(row[0]).split()) for row in sql(path, tables)] == [
        " ".join(str(row[0]).split()) for row in sql(fresh, tables)
    ]
    assert sql(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]


@pytest.mark.parametrize("version", [2, 3])
def test_a_file_of_a_later_schema_is_too(tmp_path: Path, series: Series, version: int) -> None:
    path = tmp_path / "series.sqlite"
    write_schema_1(path)
    with closing(sqlite3.connect(path)) as connection:
        for statement in chain(*sqlite_schema._UPGRADES[1:version]):
            connection.execute(statement)
        connection.execute("UPDATE sessions SET model = 'oa' WHERE name = 'ended'")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()

    async def test(store: SqliteStore) -> None:
        assert await store.read("ended") == series("ended", 30)
        ended = await store.summary("ended")
        assert ended is not None
        assert (ended.model, ended.model_sha256, ended.samples) == ("oa", None, 30)
        assert ended.written_t == 1767225700.0

    run(path, test)
    assert sql(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "series.sqlite"
    write_schema_1(path)
    broken = (*sqlite_schema._UPGRADES[:1], (*sqlite_schema._UPGRADES[1], "no SQL"))
    monkeypatch.setattr(sqlite_schema, "_UPGRADES", broken)
    with pytest.raises(StoreError, match="syntax error"):
        run(path, nothing)
    assert sql(path, "PRAGMA user_version") == [(1,)]
    monkeypatch.undo()

    async def test(store: SqliteStore) -> None:
        assert await store.read("ended") == series("ended", 30)

    run(path, test)


def test_a_file_has_one_decoder_at_a_time(tmp_path: Path, series: Series) -> None:
    path = tmp_path / "series.sqlite"

    async def test(store: SqliteStore) -> None:
        with pytest.raises(StoreError, match=rf"in use by another decoder \(process {os.getpid()}"):
            await SqliteStore.open(path)
        await store.append(series("a", 1))

    run(path, test)
    run(path, nothing)


@pytest.mark.parametrize("then", ["deleted", "replaced"])
def test_a_file_that_is_taken_away_is_an_error_for_good(
    tmp_path: Path, series: Series, then: str
) -> None:
    path = tmp_path / "series.sqlite"

    async def test(store: SqliteStore) -> None:
        path.unlink()
        if then == "replaced":
            path.write_bytes(b"")
        with pytest.raises(StoreError, match="deleted or replaced while it was in use") as raised:
            await store.append(series("a", 1))
        assert not isinstance(raised.value, StoreBusyError)

    run(path, test)


def test_no_other_read_waits_for_a_search(tmp_path: Path, series: Series) -> None:
    released = threading.Event()

    async def test(store: SqliteStore) -> None:
        await store.append(series("a", 3))
        await store._searcher.run(
            lambda connection: connection.create_function("wait", 0, lambda: released.wait(90))
        )
        searching = asyncio.create_task(
            store._searcher.run(lambda connection: connection.execute("SELECT wait()").fetchone())
        )
        assert await store.read("a") == series("a", 3)
        assert await store.summary("a") is not None
        assert not searching.done()
        released.set()
        await searching
        assert await store.span("a", 0.0, 2e9) == (1, 3)

    run(tmp_path / "series.sqlite", test)


def test_what_is_deleted_is_not_to_be_found_in_the_file(tmp_path: Path, series: Series) -> None:
    path = tmp_path / "series.sqlite"

    async def test(store: SqliteStore) -> None:
        await store.append(series("anna-who-wants-to-be-forgotten", 2000))
        await store.add_mark("anna-who-wants-to-be-forgotten", 1.0, "told of her mother")
        mark = struct.pack(">d", series("a", 1, first_id=77)[0].t)
        assert mark in files(path)
        assert b"her mother" in files(path)
        await store.delete("anna-who-wants-to-be-forgotten")
        assert mark not in files(path)
        assert b"her mother" not in files(path)
        assert b"anna-who" not in files(path)

    run(path, test)


def test_nor_is_it_where_somebody_read_for_long_meanwhile(tmp_path: Path, series: Series) -> None:
    path = tmp_path / "series.sqlite"

    def read_for_long(connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM samples").fetchall()
        reading.set()
        time.sleep(0.5)  # past the time that any lock is waited for
        connection.execute("COMMIT")

    reading = threading.Event()

    async def test(store: SqliteStore) -> None:
        await store.append(series("anna-who-wants-to-be-forgotten", 20))
        long_read = asyncio.create_task(store._reader.run(read_for_long))
        await asyncio.to_thread(reading.wait, 90)
        await store.delete("anna-who-wants-to-be-forgotten")
        assert b"anna-who" not in files(path)
        await long_read

    run(path, test)


def files(path: Path) -> bytes:
    """The database and its log."""
    log = path.with_name(f"{path.name}-wal")
    return path.read_bytes() + (log.read_bytes() if log.exists() else b"")


def test_a_deletion_that_was_cut_short_is_finished_by_the_next(
    tmp_path: Path, series: Series
) -> None:
    """1. A session loses its name. 2. The process ends. 3. Something else is deleted."""
    path = tmp_path / "series.sqlite"

    async def begin(store: SqliteStore) -> None:
        await store.append([*series("a", 3000), *series("b", 2)])
        await store._writer.run(lambda connection: sqlite_deletion.hide(connection, "a", None))
        await store._writer.run(sqlite_deletion.purge)

    async def go_on(store: SqliteStore) -> None:
        await store.append(series("a", 4))
        assert [summary.session for summary in await store.summaries()] == ["a", "b"]
        await store.delete("b")
        assert await store.read("a") == series("a", 4)
        assert (await store.usage()).samples == 4

    run(path, begin)
    run(path, go_on)
    assert sql(path, "SELECT count(*) FROM samples") == [(4,)]

"""`sessions`, `export` and `watch --replay`, as they are called, against a real service."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import click
import pytest
from click.testing import CliRunner, Result

from narrowcast_client import archive
from narrowcast_client.archive import parse_time
from narrowcast_client.commands.stored import export, sessions
from narrowcast_client.commands.watch import watch
from narrowcast_client.export import UNITS
from narrowcast_decoder.service import Service
from narrowcast_decoder.store.offline import open_offline
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_shared.archive import TimeSpan
from narrowcast_shared.errors import (
    LinkError,
    NarrowcastError,
    SettingsError,
    StoreError,
    install_hint,
)
from narrowcast_shared.model_name import ModelName
from narrowcast_shared.samples import FIELDS, Sample, csv_header, csv_row

Series = Callable[..., list[Sample]]
Serve = Callable[[Callable[[Any], Awaitable[None]]], None]

T0 = 1767225600
"""Capture times of the made-up series begin here."""


class Running(Protocol):
    """As conftest.py has it."""

    service: Service
    authority: str
    live: set[str]

    async def publish(self, samples: list[Sample]) -> None: ...
    async def end(self, session: str) -> None: ...


async def call(running: Running, command: click.Command, *words: str, answer: str = "") -> Result:
    """What the command does, on a thread of its own as it would be in a process of its own."""
    arguments = [*words, "--decoder", f"http://{running.authority}"]
    return await invoke(command, *arguments, answer=answer)


async def invoke(command: click.Command, *words: str, answer: str = "") -> Result:
    return await asyncio.to_thread(CliRunner().invoke, command, list(words), input=answer)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def lines_of(samples: list[Sample]) -> str:
    return csv_header() + "".join(map(csv_row, samples))


def test_sessions_are_listed_for_people_and_for_programs(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("anna", 30))
        await running.publish(series("b", 1500))
        await running.service.store.note_started("b", 1000.0)
        await running.end("anna")

        table = await call(running, sessions)
        programs = await call(running, sessions, "--json")

        head, *rows = [line.split() for line in table.stdout.splitlines()]
        assert head[:2] == ["session", "state"]
        assert [(row[0], row[1], row[6:]) for row in rows] == [
            ("anna", "ended", ["30", "22", "3", "3", "2"]),
            ("b", "live", ["1500", "1092", "136", "136", "136"]),
        ]
        infos = [json.loads(line) for line in programs.stdout.splitlines()]
        assert [info["session"] for info in infos] == ["anna", "b"]
        assert infos[1]["last_t"] == series("b", 1500)[-1].t
        read_by = [(info["model"], info["model_sha256"]) for info in infos]
        assert read_by == [(None, None), ("oa", "ab" * 32)]

    serve(scenario)


def test_an_empty_store_says_so(serve: Serve) -> None:
    async def scenario(running: Running) -> None:
        assert (await call(running, sessions)).stdout == "no session is stored\n"

    serve(scenario)


def test_a_session_is_deleted_when_it_was_confirmed(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish([*series("a", 30), *series("b", 3)])
        store = running.service.store

        refused = await call(running, sessions, "delete", "a", answer="n\n")
        assert refused.exit_code == 1
        assert "Delete a and its 30 samples at http://127.0.0.1:" in refused.stdout
        assert await store.summary("a") is not None

        assert (await call(running, sessions, "delete", "a", answer="y\n")).exit_code == 0
        assert (await call(running, sessions, "delete", "b", "--yes")).exit_code == 0
        assert await store.summaries() == []

        gone = await call(running, sessions, "delete", "a", "--yes")
        assert isinstance(gone.exception, LinkError)
        assert gone.exception.problem == "there is no session 'a'"

    serve(scenario)


def test_one_that_is_live_is_not_deleted(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 3))
        await running.service.store.note_started("a", 1000.0)
        result = await call(running, sessions, "delete", "a", "--yes")
        assert isinstance(result.exception, LinkError)
        assert "session 'a' is being published: end its encoder" in str(result.exception)

    serve(scenario)


def test_a_series_is_exported_as_csv(serve: Serve, series: Series, tmp_path: Path) -> None:
    out = tmp_path / "a.csv"

    async def scenario(running: Running) -> None:
        await running.publish(series("a", 2500))
        assert (await call(running, export, "a", "--out", str(out))).exit_code == 0
        assert out.read_text() == lines_of(series("a", 2500))

        span = ("--from", str(T0 + 10), "--to", "2026-01-01T00:00:12+00:00")
        told = await call(running, export, "a", "--out", str(out), *span)
        assert told.stderr == f"narrowcast: 50 samples of a are in {out}\n"
        assert out.read_text() == lines_of(series("a", 50, first_id=250))
        assert [name for name in names(tmp_path) if "a.csv" in name] == ["a.csv"]

    serve(scenario)


def test_an_export_that_fails_leaves_what_was_there(
    serve: Serve, series: Series, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "a.csv"
    out.write_text("of yesterday")

    async def scenario(running: Running) -> None:
        store = running.service.store
        await running.publish(series("a", 2500))
        read = store.read

        async def read_then_fail(session: str, after_id: int, limit: int) -> list[Sample]:
            if after_id >= 1000:
                raise StoreError("the disk is gone", "mend it")
            return await read(session, after_id, limit)

        monkeypatch.setattr(store, "read", read_then_fail)
        result = await call(running, export, "a", "--out", str(out))
        assert str(result.exception) == "the disk is gone: mend it"
        assert out.read_text() == "of yesterday"
        assert not [name for name in names(tmp_path) if name.endswith(".part")]

    serve(scenario)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a", "--out", "a.xls"], "files ending in '.xls' are not supported: end it in .csv or"),
        (["a", "--out", "no/where/a.csv"], "cannot be written (No such file or directory)"),
        (["a", "--out", "a.csv", "--from", "noon"], "'noon' is not a valid time: write 2026-"),
        (["a", "--out", "a.csv", "--from", ""], "'' is not a valid time: write 2026-"),
        (["a", "--out", "a.csv", "--from", "5", "--to", "5"], "--to must be later than --from"),
        (["b", "--out", "a.csv"], "there is no session 'b': `narrowcast sessions` lists"),
    ],
)
def test_what_cannot_be_exported_is_told(
    serve: Serve,
    series: Series,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    async def scenario(running: Running) -> None:
        await running.publish(series("a", 3))
        result = await call(running, export, *words)
        assert isinstance(result.exception, NarrowcastError)
        assert told in str(result.exception)

    serve(scenario)


def test_a_series_is_exported_as_parquet(
    serve: Serve, series: Series, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "a.parquet"
    monkeypatch.setattr("narrowcast_client.export.ROW_GROUP", 5000)
    count = 5500

    async def scenario(running: Running) -> None:
        hold = await running.service.store.note_started("a", 1.0)
        await running.service.store.note_clock("a", -3.5, 20.25, hold)
        for first in range(1, count, 10_000):
            await running.publish(series("a", min(10_000, count + 1 - first), first_id=first))
        assert (await call(running, export, "a", "--out", str(out))).exit_code == 0

    serve(scenario)
    file = parquet.ParquetFile(out)
    assert file.metadata.num_row_groups == 2
    table = file.read()
    assert tuple(table.column_names) == FIELDS
    rows = [Sample.model_validate(row) for row in table.to_pylist()]
    assert rows == series("a", count)
    told = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    assert told["narrowcast.session"] == "a"
    assert told["narrowcast.time_base"] == "Unix time in seconds, of the encoder's clock"
    assert (told["narrowcast.model"], told["narrowcast.model_sha256"]) == ("oa", "ab" * 32)
    clock = told["narrowcast.clock_offset_ms"], told["narrowcast.clock_error_ms"]
    assert clock == ("-3.5", "20.25")
    for name, unit in UNITS.items():
        assert table.schema.field(name).metadata[b"unit"].decode() == unit
    assert not table.schema.field("t").nullable


def test_without_pyarrow_it_says_what_to_install(
    serve: Serve, series: Series, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    async def scenario(running: Running) -> None:
        await running.publish(series("a", 3))
        result = await call(running, export, "a", "--out", str(tmp_path / "a.parquet"))
        assert str(result.exception) == f"Parquet needs pyarrow: {install_hint('parquet')}"

    serve(scenario)


def test_a_session_is_watched_again(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 60))
        again = await call(running, watch, "a", "--replay", "--speed", "10", "--csv")
        assert again.stdout == lines_of(series("a", 60))
        which = await call(running, watch, "--replay")
        assert which.exit_code == 2
        assert "which SESSION is to be replayed?" in which.stderr
        gone = await call(running, watch, "b", "--replay", "--patience", "100ms")
        assert isinstance(gone.exception, LinkError)
        assert "knows no session 'b'" in str(gone.exception)

    serve(scenario)


@pytest.mark.parametrize(
    ("text", "t"),
    [
        ("1767225600", 1767225600.0),
        ("1767225600.5", 1767225600.5),
        ("2026-01-01T00:00:00Z", 1767225600.0),
        ("2026-01-01T01:00:00.250+01:00", 1767225600.25),
        ("20260101T000000Z", 1767225600.0),
        ("12.34567", 12.34567),  # a position in a file
    ],
)
def test_times(text: str, t: float) -> None:
    assert parse_time(text) == t


def test_eight_digits_are_a_date() -> None:
    assert parse_time("20260131") == parse_time("2026-01-31")


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01", "20261301", "1e9", "nan"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a valid time"):
        parse_time(text)


# --- a file that no decoder holds ------------------------------------------------------------


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader of files as pyproject.toml registers it, also where that was not installed."""

    class Registered:
        def load(self) -> object:
            return open_offline

    monkeypatch.setattr(archive, "entry_points", lambda **_: [Registered()])


async def stored(path: Path, samples: list[Sample]) -> None:
    store = await SqliteStore.open(path, model=ModelName(name="oa"))
    await store.append(samples)
    await store.note_ended(samples[0].session, 1.0, "finished")
    await store.close()


def test_a_file_that_is_damaged_says_what_may_save_it(tmp_path: Path, series: Series) -> None:
    path = tmp_path / "series.sqlite"

    async def scenario() -> None:
        await stored(path, series("a", 5000))
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 4)
            file.write(b"\xff" * (path.stat().st_size // 2))
        file_ = open_offline(path)
        info = await file_.session("a")
        with pytest.raises(StoreError, match="is damaged"):
            async for _ in file_.pages(info, TimeSpan()):
                pass
        file_.close()

    asyncio.run(scenario())


@pytest.mark.usefixtures("registered")
def test_a_file_is_listed_and_exported_and_stays_as_it_is(tmp_path: Path, series: Series) -> None:
    path, out = tmp_path / "series.sqlite", tmp_path / "a.csv"

    async def scenario() -> None:
        await stored(path, series("a", 1500))
        before, there = path.read_bytes(), names(tmp_path)
        listed = await invoke(sessions, "--store", str(path))
        assert listed.stdout.splitlines()[1].split()[:2] == ["a", "ended"]
        span = ("--from", str(T0 + 10), "--to", str(T0 + 12))
        done = await invoke(export, "a", "--out", str(out), "--store", str(path), *span)
        assert done.exit_code == 0
        assert out.read_text() == lines_of(series("a", 50, first_id=250))
        assert path.read_bytes() == before
        assert names(tmp_path) == sorted([*there, out.name])

    asyncio.run(scenario())


@pytest.mark.usefixtures("registered")
def test_what_a_killed_decoder_left_in_its_log_is_there(tmp_path: Path, series: Series) -> None:
    path, copy = tmp_path / "series.sqlite", tmp_path / "killed"
    copy.mkdir()

    async def scenario() -> None:
        store = await SqliteStore.open(path)
        await store.append(series("a", 20))
        for suffix in ("", "-wal"):
            left = copy / f"series.sqlite{suffix}"
            left.write_bytes(path.with_name(f"series.sqlite{suffix}").read_bytes())
        await store.close()
        listed = await invoke(sessions, "--store", str(copy / "series.sqlite"), "--json")
        assert json.loads(listed.stdout)["samples"] == 20

    asyncio.run(scenario())


@pytest.mark.usefixtures("registered")
def test_files_that_cannot_be_read_are_told(tmp_path: Path, series: Series) -> None:
    path = tmp_path / "series.sqlite"

    async def told(name: str) -> str:
        result = await invoke(sessions, "--store", str(tmp_path / name))
        assert isinstance(result.exception, StoreError)
        return str(result.exception)

    async def scenario() -> None:
        assert "there is no store" in await told("nowhere.sqlite")
        store = await SqliteStore.open(path)
        await store.append(series("a", 1))
        assert "is held by a decoder that runs: ask that one, with --decoder" in await told(
            path.name
        )
        await store.close()
        (tmp_path / "notes.txt").write_text("not a database " * 100)
        assert "is no SQLite database" in await told("notes.txt")
        old = sqlite3.connect(tmp_path / "old.sqlite")
        script = Path(__file__).parents[1] / "store" / "schema_1.sql"
        old.executescript(script.read_text())
        old.close()
        assert "brings it up to date" in await told("old.sqlite")

    asyncio.run(scenario())


@pytest.mark.usefixtures("registered")
def test_a_file_has_nothing_deleted(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        sessions, ["--store", str(tmp_path / "s.sqlite"), "delete", "a", "--yes"]
    )
    assert result.exit_code == 2
    assert "leave out --store" in result.stderr


def test_without_the_decoder_a_file_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "entry_points", lambda **_: [])
    result = CliRunner().invoke(sessions, ["--store", str(tmp_path / "s.sqlite")])
    assert f"requires the decoder: {install_hint('decoder')}" in str(result.exception)

"""`mark`, `export --marks` and the client's functions, against a real service."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import click
import pytest
from click.testing import CliRunner, Result

from narrowcast_client import add_mark, get_marks
from narrowcast_client.api import PAGE_MARKS
from narrowcast_client.commands.stored import export, mark
from narrowcast_decoder.service import Service
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_shared.archive import TimeSpan
from narrowcast_shared.errors import LinkError, SettingsError
from narrowcast_shared.marks import Mark
from narrowcast_shared.remote.refusals import NoSuchSessionError
from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]
Serve = Callable[[Callable[[Any], Awaitable[None]]], None]


class Running(Protocol):
    """As conftest.py has it."""

    service: Service
    authority: str

    async def publish(self, samples: list[Sample]) -> None: ...


async def invoke(command: click.Command, *words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, command, list(words))


def url_of(running: Running) -> str:
    return f"http://{running.authority}"


def test_a_mark_is_set_on_the_command_line(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("anna", 3))
        at = await invoke(
            mark, "anna", "stimulus 3", "--at", "1767225600.5", "--decoder", url_of(running)
        )
        now = await invoke(mark, "anna", "break", "--decoder", url_of(running))
        assert (at.exit_code, now.exit_code) == (0, 0)
        assert at.stderr.startswith("narrowcast: mark 1 of anna is at 20")
        assert at.stderr.endswith(": stimulus 3\n")
        first, second = await running.service.store.marks("anna")
        assert first == Mark(id=1, t=1767225600.5, text="stimulus 3")
        assert (second.id, second.text) == (2, "break")

    serve(scenario)


def test_what_cannot_be_marked_is_said_why(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("anna", 3))
        for words, kind, told in [
            (("nobody", "a"), NoSuchSessionError, "there is no session 'nobody'"),
            (("anna", ""), SettingsError, "write 1 to 200 characters on one line"),
            (("anna", "two\nlines"), SettingsError, "is not a valid marker text"),
            (("anna", "a", "--at", "soon"), SettingsError, "'soon' is not a valid time"),
            (("anna", "a", "--at", "1e300"), SettingsError, "is not a valid time"),
            (
                ("anna", "a", "--at", "99999999999"),
                SettingsError,
                "is not a valid time of a marker",
            ),
        ]:
            result = await invoke(mark, *words, "--decoder", url_of(running))
            assert isinstance(result.exception, kind), words
            assert told in str(result.exception)
        assert await running.service.store.marks("anna") == []

    serve(scenario)


def test_marks_are_read_page_by_page(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("anna", 3))
        url, store = url_of(running), running.service.store
        made = [await store.add_mark("anna", float(i), f"{i}") for i in range(PAGE_MARKS + 5)]
        assert await get_marks(url, "anna") == made
        assert await get_marks(url, "anna", after_id=PAGE_MARKS + 3) == made[-2:]
        assert await add_mark(url, "anna", "ä", 2.5) == Mark(id=PAGE_MARKS + 6, t=2.5, text="ä")
        with pytest.raises(NoSuchSessionError):
            await get_marks(url, "nobody")

    serve(scenario)


def test_who_is_no_decoder_is_told_so(serve: Serve) -> None:
    async def scenario(running: Running) -> None:
        with pytest.raises(LinkError, match="is no narrowcast decoder"):
            await get_marks(f"{url_of(running)}/elsewhere", "anna")

    serve(scenario)


WRITTEN = 'id,session,t,text\n2,anna,20.0,"one, two"\n3,anna,15.5,"say ""a"""\n'


def test_marks_are_exported_beside_the_samples(
    serve: Serve, series: Series, tmp_path: Path
) -> None:
    """From the service and, once it has ended, from its file; those of the time asked for."""
    out, marks, store = tmp_path / "a.csv", tmp_path / "m.csv", tmp_path / "series.sqlite"
    words = ("anna", "--out", str(out), "--marks", str(marks), "--from", "15", "--to", "30")

    async def scenario(running: Running) -> None:
        await running.publish(series("anna", 3))
        for t, text in ((14.9, "early"), (20.0, "one, two"), (15.5, 'say "a"'), (30.0, "late")):
            await running.service.store.add_mark("anna", t, text)
        done = await invoke(export, *words, "--decoder", url_of(running))
        assert done.exit_code == 0
        assert done.stderr.endswith(f"narrowcast: 2 event markers of anna are in {marks}\n")
        assert marks.read_text() == WRITTEN
        wrong = await invoke(
            export, "anna", "--out", str(out), "--marks", "m.xls", "--decoder", url_of(running)
        )
        assert isinstance(wrong.exception, SettingsError)
        both = await invoke(export, "anna", "--out", str(out), "--marks", f"{out.parent}/./a.csv")
        assert "cannot hold samples and event markers: name two files" in both.stderr

    serve(scenario)
    marks.unlink()
    assert CliRunner().invoke(export, [*words, "--store", str(store)]).exit_code == 0
    assert marks.read_text() == WRITTEN


def test_the_clocks_offset_is_there_for_the_client(serve: Serve) -> None:
    async def scenario(running: Any) -> None:  # noqa: ANN401
        store: SqliteStore = running.service.store
        hold = await store.note_started("anna", 1.0)
        assert (await running.client.get("/v1/sessions/anna")).json()["clock_offset_ms"] is None
        await store.note_clock("anna", -3.5, 20.25, hold)
        told = (await running.client.get("/v1/sessions/anna")).json()
        assert (told["clock_offset_ms"], told["clock_error_ms"]) == (-3.5, 20.25)

    serve(scenario)


@pytest.mark.parametrize(
    ("span", "held"),
    [
        (TimeSpan(), [1, 2, 3]),
        (TimeSpan(2, None), [2, 3]),
        (TimeSpan(None, 2), [1]),
        (TimeSpan(2, 3), [2]),
    ],
)
def test_a_span_holds_its_beginning_and_not_its_end(span: TimeSpan, held: list[int]) -> None:
    assert [t for t in (1, 2, 3) if span.holds(t)] == held

"""`narrowcast report` on sessions: of a decoder that runs, and of a store that none holds."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from click.testing import CliRunner, Result

from narrowcast_client.api import add_mark
from narrowcast_client.commands.report import report
from narrowcast_decoder.service import Service
from narrowcast_shared.errors import DataError, LinkError, UnknownSessionError
from narrowcast_shared.samples import Sample
from narrowcast_shared.see import See

Series = Callable[..., list[Sample]]
Serve = Callable[[Callable[[Any], Awaitable[None]]], None]

EVIL = "<script>alert(1)</script>"


class Running(Protocol):
    """As conftest.py has it."""

    service: Service
    authority: str

    async def publish(self, samples: list[Sample]) -> None: ...


async def call(*words: object) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, report, list(map(str, words)))


def test_sessions_of_a_decoder_with_their_marks_and_model(
    serve: Serve, series: Series, tmp_path: Path
) -> None:
    out = tmp_path / "study.html"

    async def scenario(running: Running) -> None:
        made = series("a", 1500)
        await running.publish([*made, *series("b", 40)])
        url = f"http://{running.authority}"
        await add_mark(url, "a", EVIL, made[700].t)
        done = await call("a", "b", "-o", out, "--decoder", url)
        assert done.exit_code == 0, done.output
        assert "the report of 2 series" in done.output

        text = out.read_text()
        assert "1\N{NARROW NO-BREAK SPACE}500 frames" in text
        assert f"From the decoder at {url}." in text
        assert f"Not named by the decoder at {url}." in text  # no encoder said its hello here
        assert EVIL not in text
        assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2  # figure and table

        span = ("--from", made[100].t, "--to", made[200].t)
        assert (await call("a", "-o", out, "--decoder", url, *span)).exit_code == 0
        assert ", 100 frames" in out.read_text()

    serve(scenario)


def test_what_is_not_there(serve: Serve, series: Series, tmp_path: Path) -> None:
    out = tmp_path / "study.html"

    async def scenario(running: Running) -> None:
        url = f"http://{running.authority}"
        await running.publish(series("a", 30))
        unknown = await call("nobody", "-o", out, "--decoder", url)
        assert isinstance(unknown.exception, LinkError)
        assert unknown.exception.problem == "there is no session 'nobody'"
        empty = await call("a", "-o", out, "--decoder", url, "--to", "2001-01-01")
        assert isinstance(empty.exception, DataError)
        assert "'a' has no samples in that time" in empty.exception.problem
        assert empty.exception.see is See.REPORT
        assert not out.exists()

    serve(scenario)


def test_a_store_that_no_decoder_holds(serve: Serve, series: Series, tmp_path: Path) -> None:
    out = tmp_path / "study.html"

    async def scenario(running: Running) -> None:
        await running.publish(series("a", 100))

    serve(scenario)
    store = tmp_path / "series.sqlite"
    done = CliRunner().invoke(report, ["a", "-o", str(out), "--store", str(store)])
    assert done.exit_code == 0, done.output
    assert "From series.sqlite." in out.read_text()
    with pytest.raises(UnknownSessionError):
        CliRunner().invoke(
            report, ["b", "-o", str(out), "--store", str(store)], catch_exceptions=False
        )

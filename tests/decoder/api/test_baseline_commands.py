"""`--baseline` and `narrowcast baseline`, as they are called, against a real service."""

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import click
import pytest
from click.testing import CliRunner, Result

from narrowcast_client.baseline import (
    Baseline,
    BaselineChoice,
    ModelName,
    SampleAboveRest,
    read_profile,
    write_profile,
)
from narrowcast_client.commands.report import baseline
from narrowcast_client.commands.stored import export
from narrowcast_client.commands.watch import watch
from narrowcast_decoder.service import Service
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_shared.errors import NarrowcastError, SettingsError
from narrowcast_shared.samples import Sample, csv_header, csv_row

Series = Callable[..., list[Sample]]
Serve = Callable[[Callable[[Any], Awaitable[None]]], None]


class Running(Protocol):
    """As conftest.py has it."""

    service: Service
    authority: str

    async def publish(self, samples: list[Sample]) -> None: ...
    async def end(self, session: str) -> None: ...


async def call(running: Running, command: click.Command, *words: str) -> Result:
    """What the command does, on a thread of its own as it would be in a process of its own."""
    arguments = [*words, "--decoder", f"http://{running.authority}"]
    return await asyncio.to_thread(CliRunner().invoke, command, arguments)


def offline(samples: list[Sample], seconds: float = 10) -> list[SampleAboveRest]:
    learning = BaselineChoice(seconds).begin(ModelName(name="oa"))
    return [learning.above_rest(sample) for sample in samples]


def lines_of(samples: list[SampleAboveRest]) -> str:
    return csv_header(SampleAboveRest) + "".join(map(csv_row, samples))


def test_export_has_the_columns_of_offline(serve: Serve, series: Series, tmp_path: Path) -> None:
    samples, out = series("anna", 1500), tmp_path / "anna.csv"
    expected = offline(samples)
    assert sum(s.valence_above_rest is not None for s in expected) > 500

    async def scenario(running: Running) -> None:
        await running.publish(samples)
        told = await call(running, export, "anna", "--out", str(out), "--baseline", "10s")
        assert out.read_text() == lines_of(expected)
        assert told.stderr.splitlines()[1].startswith("narrowcast: rest ")

        # Of a later span rest is that of the beginning all the same.
        span = ("--from", str(samples[1200].t))
        await call(running, export, "anna", "--out", str(out), "--baseline", "10s", *span)
        assert out.read_text() == lines_of(expected[1200:])

        short = await call(running, export, "anna", "--out", str(out), "--baseline", "10m")
        assert "of 600 s of face seen: the baseline-corrected columns are empty" in short.stderr
        rows = list(csv.DictReader(io.StringIO(out.read_text())))
        assert {row["valence_above_rest"] for row in rows} == {""}
        assert len(rows) == 1500

    serve(scenario)


def test_parquet_says_what_was_subtracted(serve: Serve, series: Series, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    samples, out = series("anna", 1500), tmp_path / "anna.parquet"

    async def scenario(running: Running) -> None:
        await running.publish(samples)
        told = await call(running, export, "anna", "--out", str(out), "--baseline", "10s")
        assert told.exit_code == 0, told.output

    serve(scenario)
    table = parquet.read_table(out)
    rows = [SampleAboveRest.model_validate(row) for row in table.to_pylist()]
    assert rows == offline(samples)
    raw, above = next(
        (r.valence, r.valence_above_rest) for r in rows if r.valence_above_rest is not None
    )
    rest = float(table.schema.metadata[b"narrowcast.resting_valence"])
    assert raw is not None
    assert above == pytest.approx(raw - rest, abs=1e-5)
    assert table.schema.field("valence_above_rest").metadata[b"unit"] == b"1, from -2 to +2"


def test_watch_says_the_same_live_replayed_and_joined_late(serve: Serve, series: Series) -> None:
    samples = series("anna", 1500)
    expected = [sample.model_dump(mode="json") for sample in offline(samples)]

    async def scenario(running: Running) -> None:
        await running.publish(samples)
        await running.end("anna")
        whole = await call(running, watch, "anna", "--json", "--baseline", "10s")
        assert list(map(json.loads, whole.stdout.splitlines())) == expected
        late = await call(running, watch, "anna", "--json", "--baseline", "10s", "--after", "-60")
        assert list(map(json.loads, late.stdout.splitlines())) == expected[-60:]
        words = ("--replay", "--speed", "1000", "--after", "1300", "--baseline", "10s", "--csv")
        again = await call(running, watch, "anna", *words)
        assert again.stdout == lines_of(offline(samples)[1300:])

    serve(scenario)


def test_a_session_that_goes_on_is_learned_as_it_comes(serve: Serve, series: Series) -> None:
    """Joined within the first seconds: what was before comes from the store, the rest live."""
    samples = series("anna", 600)

    async def scenario(running: Running) -> None:
        await running.publish(samples[:100])
        words = ("anna", "--json", "--baseline", "10s", "--after", "-10")
        watching = asyncio.create_task(call(running, watch, *words))
        await running.has_subscribers(1)  # type: ignore[attr-defined]
        await running.publish(samples[100:])
        await running.end("anna")
        shown = list(map(json.loads, (await watching).stdout.splitlines()))
        expected = [sample.model_dump(mode="json") for sample in offline(samples)]
        assert shown == expected[90:]

    serve(scenario)


def test_a_profile_is_made_and_used(serve: Serve, series: Series, tmp_path: Path) -> None:
    samples, path = series("anna", 1500), tmp_path / "anna.json"

    async def scenario(running: Running) -> None:
        await running.publish(samples)
        await running.end("anna")
        made = await call(running, baseline, "anna", "--seconds", "10", "--out", str(path))
        assert made.exit_code == 0
        assert f"of 10 s of face, is in {path}" in made.stderr
        profile = read_profile(path)
        assert profile.source == "anna"
        assert profile.from_t == min(s.t for s in samples if s.valence is not None)

        watched = await call(running, watch, "anna", "--csv", "--baseline", str(path))
        fixed = Baseline(profile)
        assert watched.stdout == lines_of(list(map(fixed.above_rest, samples)))
        shown = await call(running, baseline, "anna", "--seconds", "10")
        assert json.loads(shown.stdout)["resting_valence"] == profile.resting_valence

    serve(scenario)


def test_a_profile_of_another_model_is_refused(
    series: Series, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    read_by = ModelName(name="oa", sha256="ab" * 32)

    async def store() -> None:
        opened = await SqliteStore.open(Path("series.sqlite"), model=read_by)
        await opened.note_started("anna", 0.5)
        await opened.append(series("anna", 1500))
        await opened.note_ended("anna", 1.0, "finished")
        await opened.close()

    asyncio.run(store())
    stored = ["--store", "series.sqlite"]
    CliRunner().invoke(baseline, ["anna", "--out", "anna.json", *stored])
    profile = read_profile(Path("anna.json"))
    assert profile.model == read_by
    for name, model in (
        ("mine", ModelName(name="mine")),
        ("others", ModelName(name="oa", sha256="cd" * 32)),
    ):
        write_profile(profile.model_copy(update={"model": model}), Path(f"{name}.json"))
    words = ["anna", "--out", "anna.csv", *stored, "--baseline"]
    assert CliRunner().invoke(export, [*words, "anna.json"]).exit_code == 0
    for profile_of_another, its_model in (("mine.json", "mine"), ("others.json", "oa (cdcdcdcd)")):
        refused = CliRunner().invoke(export, [*words, profile_of_another])
        assert isinstance(refused.exception, SettingsError)
        told = f"was made with model {its_model}, and this series with model oa (abababab)"
        assert told in refused.exception.problem
        assert "make a profile with this one" in refused.exception.remedy


def test_a_profile_is_made_of_a_file_too(serve: Serve, series: Series, tmp_path: Path) -> None:
    samples, out = series("anna", 1500), tmp_path / "anna.csv"

    async def scenario(running: Running) -> None:
        await running.publish(samples)
        await call(running, export, "anna", "--out", str(out))
        session = await call(running, baseline, "anna", "--seconds", "10")
        file = await call(running, baseline, str(out), "--seconds", "10")
        of_session, of_file = json.loads(session.stdout), json.loads(file.stdout)
        assert of_file["model"] == {"name": None, "sha256": None}
        for name in ("resting_valence", "standard_error", "face_s", "readings", "px", "from_t"):
            assert of_file[name] == pytest.approx(of_session[name])
        later = await call(running, baseline, str(out), "--from", str(samples[1000].t))
        assert later.exit_code == 1
        at = ("--seconds", "10", "--from", str(samples[700].t))
        for source in ("anna", str(out)):
            begun = await call(running, baseline, source, *at)
            assert json.loads(begun.stdout)["from_t"] >= samples[700].t

    serve(scenario)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["anna", "--out", "anna.txt"],
            "anna.txt does not end in .json: end --out",
        ),
        (["anna"], "anna has 1 of the 30 s of face asked for: record more of it"),
        (["berta"], "there is no session 'berta'"),
        (["none.csv"], "there is no file none.csv"),
    ],
)
def test_what_makes_no_profile_is_told(
    serve: Serve, series: Series, words: list[str], told: str
) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("anna", 30))
        result = await call(running, baseline, *words)
        assert isinstance(result.exception, NarrowcastError)
        assert told in str(result.exception)

    serve(scenario)

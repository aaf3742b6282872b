"""Scored samples with a baseline: each file's own rest, or the one of a profile."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, cast

import click
import pytest
from click.testing import CliRunner

from narrowcast_client.baseline import BaselineChoice, ModelName
from narrowcast_lab import score_output
from narrowcast_lab.commands.score import score
from narrowcast_lab.score import Scorer, session_names
from narrowcast_lab.score_output import Scored
from narrowcast_shared.samples import FIELDS, Sample, Status

OA = ModelName(name="oa", sha256="ab" * 32)


class FakeScorer:
    """10 s of a face at 10 fps, whose rest is as far up as the file's name says; then +0.2."""

    def score(self, path: str, name: str) -> Iterator[Sample]:
        rest = float(PurePath(path.removesuffix(".mp4")).name)
        for index in range(100):
            valence = rest + (0.2 if index >= 80 else 0.0)
            yield Sample(
                id=index + 1, session=name, seq=index, t=index / 10, status=Status.OK,
                valence=valence, sigma=0.1, px=48, qp=30, wire_bps=8000,
            )  # fmt: skip


def scored(*files: str, seconds: float | None = 5) -> Scored:
    rest = None if seconds is None else BaselineChoice(seconds)
    return Scored(cast(Scorer, FakeScorer()), files, rest, OA)


def test_each_file_has_its_own_rest(capsys: pytest.CaptureFixture[str]) -> None:
    score_output.write_csv(scored("0.1", "-0.3"))
    told = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(told.out)))
    assert [float(rows[i]["valence_above_rest"]) for i in (99, 199)] == [0.2, 0.2]
    assert [rows[i]["valence_above_rest"] for i in (0, 100)] == ["", ""]
    assert float(rows[99]["valence"]) == pytest.approx(0.3)
    assert told.err == "narrowcast: 0.1: rest +0.10 ±0.00\nnarrowcast: -0.3: rest -0.30 ±0.00\n"


def test_files_of_one_name_are_two_series(capsys: pytest.CaptureFixture[str]) -> None:
    score_output.write_csv(scored("P01/0.1.mp4", "P02/0.1.mp4", "P02/0.2.mp4", seconds=None))
    rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert Counter(row["session"] for row in rows) == {
        "P01-0.1": 100,
        "P02-0.1": 100,
        "recording-0.2": 100,
    }


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["take 1.mp4", "b/take2.avi"], ["take-1", "take2"]),
        (["a/x.mp4", "b/x.mp4", "c/x.mp4", "y.mp4"], ["a-x", "b-x", "c-x", "y"]),
        (["x.mp4", "x.avi", "x.avi"], ["x", "x-2", "x-3"]),
        (["1/a/x.mp4", "2/a/x.mp4", "a-x.mp4"], ["a-x", "a-x-2", "a-x-3"]),
        (["sample"], ["sample"]),
        (["1e5.mp4", "???.mp4", "!.mp4"], ["recording-1e5", "recording", "recording-2"]),
        (["w" * 80 + ".mp4", "w" * 80 + ".avi"], ["w" * 64, "w" * 62 + "-2"]),
    ],
)
def test_no_two_sessions_are_named_alike(paths: list[str], names: list[str]) -> None:
    assert session_names(paths) == names


def test_too_little_of_a_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    score_output.write_json(scored("0.1", seconds=30))
    told = capsys.readouterr()
    lines: list[dict[str, Any]] = [json.loads(line) for line in told.out.splitlines()]
    assert {line["valence_above_rest"] for line in lines} == {None}
    assert told.err == "narrowcast: 0.1: learning rest: 10 of 30 s of face seen\n"


def test_without_a_baseline_it_is_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    score_output.write_csv(scored("0.1", seconds=None))
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == ",".join(FIELDS)
    assert told.err == ""


def test_the_summary_has_both(capsys: pytest.CaptureFixture[str]) -> None:
    score_output.show(scored("0.1"))
    shown = capsys.readouterr().out
    assert "valence, mean (range)" in shown
    assert "above rest, mean (range)" in shown


def test_one_form_at_a_time() -> None:
    asked = CliRunner().invoke(score, ["sample", "--json", "--csv"], standalone_mode=False)
    assert isinstance(asked.exception, click.UsageError)
    assert "--json and --csv exclude each other" in str(asked.exception)

"""`narrowcast report` on files, as it is called."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from narrowcast_client.commands.report import report
from narrowcast_shared.errors import DataError, LinkError, SettingsError

from .made import UNIX_T, csv_file, samples, steady


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(report, [str(word) for word in words])


@pytest.fixture
def series(tmp_path: Path) -> Path:
    return csv_file(tmp_path / "anna.csv", samples(steady(10, 0.4), start_t=UNIX_T))


def test_a_page_is_written_and_said_where(series: Path, tmp_path: Path) -> None:
    out = tmp_path / "study.html"
    done = call(series, "-o", out, "--title", "Study <1>", "--model", "oa")
    assert done.exit_code == 0, done.output
    assert done.output == f"narrowcast: the report of 1 series is {out}\n"
    text = out.read_text()
    assert "<title>Study &lt;1&gt;</title>" in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["anna.csv", "study.html"]


def test_a_report_is_replaced_and_nothing_else_is(series: Path, tmp_path: Path) -> None:
    out = tmp_path / "study.html"
    assert call(series, "-o", out, "--title", "first").exit_code == 0
    assert call(series, "-o", out, "--title", "second").exit_code == 0
    assert "<title>second</title>" in out.read_text()
    out.write_text("<p>the supplement, written by hand</p>")
    assert isinstance(call(series, "-o", out).exception, SettingsError)
    assert "by hand" in out.read_text()


@pytest.mark.parametrize("out", ["study.csv", "study", "no/such/folder/study.html"])
def test_where_it_is_not_written(series: Path, tmp_path: Path, out: str) -> None:
    done = call(series, "-o", tmp_path / out)
    assert isinstance(done.exception, SettingsError)
    assert "out" in str(done.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["anna.csv"]


def test_one_bad_input_leaves_no_page(series: Path, tmp_path: Path) -> None:
    out = tmp_path / "study.html"
    done = call(series, tmp_path / "none.csv", "-o", out)
    assert isinstance(done.exception, DataError)
    assert not out.exists()


def test_a_session_of_a_decoder_that_is_not_there(tmp_path: Path) -> None:
    out = tmp_path / "study.html"
    done = call("anna", "-o", out, "--decoder", "http://127.0.0.1:9")
    assert isinstance(done.exception, LinkError)
    assert not out.exists()


def test_marks_and_rest_of_a_file(series: Path, tmp_path: Path) -> None:
    marks = tmp_path / "marks.csv"
    marks.write_text(f"id,session,t,text\n1,anna,{UNIX_T + 4},stimulus 1\n2,ben,{UNIX_T},of ben\n")
    out = tmp_path / "study.html"
    done = call(series, "-o", out, "--marks", marks, "--baseline", "5s")
    assert done.exit_code == 0, done.output
    text = out.read_text()
    assert "stimulus 1" in text
    assert "of ben" not in text
    assert "minus this person's rest: rest +0.40" in text


def test_marks_that_are_of_no_series_are_told(
    series: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    marks = tmp_path / "marks.csv"
    marks.write_text(f"id,session,t,text\n1,ben,{UNIX_T},of ben\n")
    assert call(series, "-o", tmp_path / "study.html", "--marks", marks).exit_code == 0
    assert caplog.messages == [f"{marks} holds event markers of ben, and none of anna"]


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_times_of_day_are_those_that_from_and_to_take(tmp_path: Path) -> None:
    """A recording of the summer has summer time, whenever its report is written."""
    out = tmp_path / "study.html"
    of_year = {"winter": UNIX_T, "summer": UNIX_T + 181 * 86_400}
    files = [
        csv_file(tmp_path / f"{name}.csv", samples(steady(10, 0.4), name, start_t=start_t))
        for name, start_t in of_year.items()
    ]
    assert call(*files, "-o", out).exit_code == 0
    text = out.read_text()
    assert "First frame 2026-01-01 01:00:00 (UTC+01:00)" in text
    assert "First frame 2026-07-01 02:00:00 (UTC+02:00)" in text
    assert "of day (UTC+01:00, UTC+02:00)" in text
    assert call(files[1], "-o", out, "--from", "2026-07-01T02:00:05").exit_code == 0
    text = out.read_text()
    assert "First frame 2026-07-01 02:00:05 (UTC+02:00)" in text
    assert "time of day, from 2026-07-01 02:00:05 (UTC+02:00)" in text


def test_as_a_process_its_errors_are_a_line_and_a_page(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    command = [sys.executable, "-m", "narrowcast_shared", "report", "x.csv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    problem, page = done.stderr.splitlines()
    assert "x.csv is not a series" in problem
    assert page == "see: docs/report.md#what-it-takes"
    assert not (tmp_path / "report.html").exists()

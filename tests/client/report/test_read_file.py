"""Files in, series out; and what is said of files that are none."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narrowcast_client.baseline import BaselineChoice, ModelName, SampleAboveRest
from narrowcast_client.export import ParquetWriter
from narrowcast_client.report.read_file import MAX_SERIES, FileSelection, read_file, read_marks
from narrowcast_shared.archive import SessionInfo, TimeSpan
from narrowcast_shared.errors import DataError

from .made import UNIX_T, Frame, csv_file, samples, steady

FRAMES = [Frame(0, 0.25), Frame(0.5, "."), Frame(1, -0.5, px=16, qp=36, cap_bps=4000)]


def ignore(_: int) -> None:
    """Nobody looks."""


def test_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    made = samples(FRAMES, start_t=UNIX_T)
    parquet = tmp_path / "a.parquet"
    told = SessionInfo(session="anna", state="ended", model="oa", model_sha256="ab" * 32)
    with ParquetWriter(parquet, told) as writer:
        writer.write(made)
    (from_parquet,) = read_file(parquet, ignore)
    paper = ModelName(name="paper")
    (from_csv,) = read_file(csv_file(tmp_path / "a.csv", made), ignore, FileSelection(model=paper))
    assert (from_csv.name, from_csv.model, from_csv.origin) == ("anna", paper, "a.csv")
    assert (from_parquet.name, from_parquet.model) == ("anna", told.read_by)
    assert told.read_by == ModelName(name="oa", sha256="ab" * 32)
    for source in (from_csv, from_parquet):
        assert source.series.start_t == UNIX_T
        assert source.series.valence.tolist() == pytest.approx([0.25, np.nan, -0.5], nan_ok=True)
        assert source.series.px.tolist() == pytest.approx([48, np.nan, 16], nan_ok=True)
        assert source.series.cap_bps.tolist() == pytest.approx([np.nan, np.nan, 4000], nan_ok=True)


def test_parquet_says_what_its_session_knew(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    told = SessionInfo(session="anna", state="ended", clock_offset_ms=-12.5, clock_error_ms=3.0)
    rest = BaselineChoice(5).begin(ModelName())
    above = [rest.above_rest(sample) for sample in samples(steady(10, -0.2))]
    path = tmp_path / "a.parquet"
    with ParquetWriter(path, told, SampleAboveRest, rest) as writer:
        writer.write(above)
    (source,) = read_file(path, ignore)
    assert (source.model, source.rest) == (ModelName(), "rest -0.20 ±0.00")
    assert (source.clock_offset_ms, source.clock_error_ms) == (-12.5, 3.0)
    oa = ModelName(name="oa")
    (again,) = read_file(path, ignore, FileSelection(rest=BaselineChoice(50), model=oa))
    assert (again.model, again.rest) == (oa, "learning rest: 10 of 50 s of face seen")


def test_parquet_that_says_nonsense_of_itself(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"t": [0.0], "status": ["ok"], "valence": [0.1], "sigma": [0.1]}
    table = arrow.table(columns, metadata={"narrowcast.clock_offset_ms": "early"})
    parquet.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(DataError, match="has metadata that cannot be read"):
        read_file(tmp_path / "x.parquet", ignore)


def test_several_sessions_of_one_file(tmp_path: Path) -> None:
    made = [*samples(FRAMES, "b"), *samples(FRAMES[:1], "a")]
    sources = read_file(csv_file(tmp_path / "x.csv", made), ignore)
    assert [(source.name, len(source.series)) for source in sources] == [("b", 3), ("a", 1)]


def test_a_table_of_few_columns_and_any_session_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("﻿t,status,valence,sigma,note\n0,ok,.5,.1,hello\n1,no_face,,\n")
    (source,) = read_file(path, ignore)
    assert source.name == "mine"
    assert len(source.series) == 2


def test_only_a_span(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "a.csv", samples(FRAMES))
    (source,) = read_file(path, ignore, FileSelection(TimeSpan(0.5, 1)))
    assert source.series.start_t == 0.5
    assert len(source.series) == 1
    with pytest.raises(DataError, match="no samples in that time"):
        read_file(path, ignore, FileSelection(TimeSpan(50)))


def test_above_rest(tmp_path: Path) -> None:
    made = samples([*steady(10, -0.2), *steady(5, 0.5, start_s=10)])
    path = csv_file(tmp_path / "a.csv", made)
    (source,) = read_file(path, ignore, FileSelection(rest=BaselineChoice(seconds=5)))
    above = source.series.above_rest()
    assert source.rest is not None
    assert "-0.20" in source.rest
    assert above is not None
    assert above.valence[-1] == pytest.approx(0.7)
    assert np.isnan(above.valence[0])  # rest was learned from it
    assert source.series.valence[-1] == 0.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks the column t, status, valence, sigma"),
        ("a,b\n1,2\n", "lacks the column"),
        ("t|status|valence|sigma\n1|ok|1|1\n", "lacks the column"),
        ("t;status;valence;sigma\n1;ok;1;1\nx;ok;1;1\n", r"row 3: t is 'x'"),
        ("t,status,valence,sigma\n", "no samples in it"),
        ("t,status,valence,sigma\n1,ok,.1,.1\nx,ok,.1,.1\n", r"row 3: t is 'x'"),
        ("t,status,valence,sigma\nnan,ok,.1,.1\n", r"row 2: t is 'nan'"),
        ("t,status,valence,sigma\n1e300,ok,.1,.1\n", r"row 2: t is '1e300'"),
        ("t,status,valence,sigma\n1,fine,.1,.1\n", r"row 2: status is 'fine'"),
        ("t,status,valence,sigma\n1,ok,7,.1\n", r"row 2: valence is '7'"),
        ("t,status,valence,sigma\n1,ok,,.1\n", r"row 2: status ok without a valence"),
        ("t,status,valence,sigma\n1,ok,.1,-1\n", r"row 2: sigma is '-1'"),
        ('t,status,valence,sigma\n1,ok,.1,"' + "x" * 200_000, "not a CSV file in UTF-8"),
    ],
)
def test_what_is_said_of_other_files(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        read_file(path, ignore)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("delimiter", "decimal"), [(",", "."), (";", ","), (";", "."), ("\t", ","), ("\t", ".")]
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_csv_of_a_spreadsheet_is_read(
    tmp_path: Path, encoding: str, delimiter: str, decimal: str, line_end: str
) -> None:
    path, made = tmp_path / "a.csv", samples(FRAMES, start_t=UNIX_T)
    plain = csv_file(path, made).read_text()
    (expected,) = read_file(path, ignore)
    text = plain.replace(",", delimiter).replace(".", decimal).replace("\n", line_end)
    path.write_bytes(text.encode(encoding))
    (source,) = read_file(path, ignore)
    assert source.name == "anna"
    assert source.series.start_t == UNIX_T
    for name in ("valence", "sigma", "px", "cap_bps", "latency_ms"):
        np.testing.assert_array_equal(
            getattr(source.series, name), getattr(expected.series, name), err_msg=name
        )


def test_a_spreadsheet_may_name_its_delimiter(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sep=;\nt;status;valence;sigma\n0,5;ok;-0,25;1E-1\nx;ok;1;1\n")
    with pytest.raises(DataError, match=r"row 4: t is 'x'"):
        read_file(tmp_path / "a.csv", ignore)
    (tmp_path / "a.csv").write_text("sep=;\nt;status;valence;sigma\n0,5;ok;-0,25;1E-1\n")
    (source,) = read_file(tmp_path / "a.csv", ignore)
    assert source.series.valence.tolist() == [-0.25]


def test_marks_of_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_bytes("id;session;t;text\r\n1;anna;5,5;1,5 Türen\r\n".encode("utf-16"))
    assert [(mark.t, mark.text) for mark in read_marks(path)["anna"]] == [(5.5, "1,5 Türen")]


def test_of_files_that_are_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        read_file(tmp_path / "none.csv", ignore)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        read_file(tmp_path / "folder.csv", ignore)
    (tmp_path / "x.csv").write_bytes(b"t,status\xff\xfe")
    with pytest.raises(DataError, match="not a CSV file in UTF-8"):
        read_file(tmp_path / "x.csv", ignore)
    pytest.importorskip("pyarrow")
    (tmp_path / "x.parquet").write_bytes(b"nonsense that is no parquet file")
    with pytest.raises(DataError, match="not a Parquet file"):
        read_file(tmp_path / "x.parquet", ignore)


def test_too_many_sessions(tmp_path: Path) -> None:
    made = [samples(FRAMES[:1], f"s{number}")[0] for number in range(MAX_SERIES + 1)]
    with pytest.raises(DataError, match=f"more than {MAX_SERIES} sessions"):
        read_file(csv_file(tmp_path / "x.csv", made), ignore)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(st.text(max_size=300))
def test_no_text_is_a_crash(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text("t,status,valence,sigma\n" + text, encoding="utf-8", errors="replace")
    try:
        sources = read_file(path, ignore)
    except DataError:
        return
    assert all(len(source.series) for source in sources)


def test_progress_counts_every_row(tmp_path: Path) -> None:
    told: list[int] = []
    read_file(csv_file(tmp_path / "a.csv", samples(steady(30, 0.1))), told.append)
    assert sum(told) == 300


def test_marks(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text('id,session,t,text\n1,anna,5.5,"a, b"\n2,ben,6,c\n')
    marks = read_marks(path)
    assert [(mark.t, mark.text) for mark in marks["anna"]] == [(5.5, "a, b")]
    assert set(marks) == {"anna", "ben"}
    path.write_text("id,session,t,text\n1,anna,soon,x\n")
    with pytest.raises(DataError, match="row 2: t"):
        read_marks(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_marks(tmp_path / "none.csv")

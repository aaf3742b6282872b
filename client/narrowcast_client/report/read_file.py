"""Series and event markers from CSV and Parquet files that `narrowcast export` or `score` wrote.

A file may hold several sessions. A series is checked row by row, and sorted by time of capture.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
import pydantic
from pydantic import BaseModel, Field, FiniteFloat, NonNegativeInt, model_validator

from narrowcast_client.baseline import Baseline, BaselineChoice, KnownRest, RestLearner
from narrowcast_client.export import load_arrow
from narrowcast_client.report.series import STATUSES, Series, SeriesBuilder, Source
from narrowcast_shared.archive import TimeSpan
from narrowcast_shared.errors import DataError, pointing_to
from narrowcast_shared.marks import LATEST_T, MAX_MARKS, Mark
from narrowcast_shared.model_name import UNKNOWN_MODEL, ModelName
from narrowcast_shared.operating_point import CHIP_PX, MAX_QP
from narrowcast_shared.samples import Sample, Status
from narrowcast_shared.see import See
from narrowcast_shared.text_files import open_table, with_decimal_point

SUFFIXES = (".csv", ".parquet")
MAX_SERIES = 50
"""Series of one file; a table with more is not one of ours."""

_NEEDED = ("t", "status", "valence", "sigma")
_BATCH = 10_000
_HOW = "give a file of `narrowcast export` or `narrowcast score --csv`"
_HOW_MARKS = "give a file of `narrowcast export --marks`"

Valence = Annotated[FiniteFloat, Field(ge=-1, le=1)]
Sigma = Annotated[FiniteFloat, Field(ge=0)]
Time = Annotated[FiniteFloat, Field(ge=-LATEST_T, le=LATEST_T)]
OnRows = Callable[[int], None]
Rows = Iterable[tuple[int, dict[str, Any]]]


class FileRow(BaseModel):
    """A row of the file; other columns are ignored."""

    session: str = ""
    t: Time
    status: Status
    valence: Valence | None = None
    sigma: Sigma | None = None
    px: Annotated[int, Field(ge=1, le=CHIP_PX)] | None = None
    qp: Annotated[int, Field(ge=0, le=MAX_QP)] | None = None
    wire_bps: NonNegativeInt | None = None
    cap_bps: NonNegativeInt | None = None
    latency_ms: FiniteFloat | None = None
    valence_above_rest: Annotated[FiniteFloat, Field(ge=-2, le=2)] | None = None
    sigma_above_rest: Sigma | None = None

    @model_validator(mode="after")
    def _ok_requires_a_valence(self) -> Self:
        if self.status is Status.OK and self.valence is None:
            raise ValueError("status ok without a valence")
        return self


class FileSelection(NamedTuple):
    """What to read of a file: the samples of `span`, with `rest` subtracted as well.

    model: of the estimates, where the file names none.
    """

    span: TimeSpan = TimeSpan()
    rest: BaselineChoice | None = None
    model: ModelName = UNKNOWN_MODEL


class FileMetadata(BaseModel):
    """The schema's metadata of a Parquet file, as `export` writes them; None where missing."""

    model: str | None = Field(default=None, alias="narrowcast.model")
    model_sha256: str | None = Field(default=None, alias="narrowcast.model_sha256")
    clock_offset_ms: FiniteFloat | None = Field(default=None, alias="narrowcast.clock_offset_ms")
    clock_error_ms: FiniteFloat | None = Field(default=None, alias="narrowcast.clock_error_ms")
    resting_valence: FiniteFloat | None = Field(default=None, alias="narrowcast.resting_valence")
    resting_error: FiniteFloat | None = Field(
        default=None, alias="narrowcast.resting_standard_error"
    )

    @property
    def read_by(self) -> ModelName | None:
        """The model and its weights; None where the file names none."""
        if self.model is None:
            return None
        return ModelName(name=self.model, sha256=self.model_sha256)

    @property
    def rest(self) -> str | None:
        """The resting valence that was subtracted, in words."""
        if self.resting_valence is None or self.resting_error is None:
            return None
        return str(KnownRest(self.resting_valence, self.resting_error))


NO_METADATA = FileMetadata()


def read_metadata(path: Path, metadata: Mapping[bytes, bytes]) -> FileMetadata:
    """The metadata of the file at `path`; empty values count as missing.

    Raises DataError where they are not what `export` writes.
    """
    try:
        texts = {key.decode(): text.decode() for key, text in metadata.items() if text}
        return FileMetadata.model_validate(texts)
    except (UnicodeDecodeError, pydantic.ValidationError):
        raise DataError(
            f"{path} has metadata that cannot be read", "export the session again"
        ) from None


def is_file(name: str) -> bool:
    """Whether an input is named like a file, and not like a session."""
    return name.lower().endswith(SUFFIXES)


@pointing_to(See.REPORT)
def read_file(path: Path, on_rows: OnRows, wanted: FileSelection | None = None) -> list[Source]:
    """The series in a file, one per session, in the order of their first rows.

    on_rows: called with the number of rows read since the last call.
    Raises DataError where the file cannot be read, is not a series, or has no rows;
    NarrowcastError where Parquet is not installed.
    """
    wanted = wanted or FileSelection()
    try:
        if path.suffix.lower() == ".parquet":
            return _read_parquet(path, wanted, on_rows)
        return _read_csv(path, wanted, on_rows)
    except FileNotFoundError:
        raise DataError(
            f"there is no file {path}", "`narrowcast export SESSION --out FILE` writes one"
        ) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error})") from error


def _read_csv(path: Path, wanted: FileSelection, on_rows: OnRows) -> list[Source]:
    try:
        with open_table(path) as table:
            _check_columns(path, table.columns)
            rows = ((line, _with_decimal_points(cells)) for line, cells in table.rows())
            return _sources(path, rows, wanted, on_rows)
    except (UnicodeError, csv.Error) as error:
        raise DataError(f"{path} is not a CSV file in UTF-8 or UTF-16 ({error})", _HOW) from None


def _with_decimal_points(cells: Mapping[str, str]) -> dict[str, Any]:
    return {name: with_decimal_point(text) for name, text in cells.items()}


def _read_parquet(path: Path, wanted: FileSelection, on_rows: OnRows) -> list[Source]:
    arrow, parquet = load_arrow("pyarrow"), load_arrow("pyarrow.parquet")
    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            _check_columns(path, schema.names)
            metadata = read_metadata(path, schema.metadata or {})
            columns = [name for name in FileRow.model_fields if name in schema.names]
            batches = file.iter_batches(_BATCH, columns=columns)
            rows = enumerate((row for batch in batches for row in batch.to_pylist()), start=1)
            wanted = wanted._replace(model=metadata.read_by or wanted.model)
            return _sources(path, rows, wanted, on_rows, metadata)
    except arrow.ArrowInvalid as error:
        raise DataError(
            f"{path} is not a Parquet file ({str(error).splitlines()[0]})", _HOW
        ) from None


def _check_columns(path: Path, names: Any) -> None:  # noqa: ANN401 - of csv or of pyarrow
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise DataError(f"{path} is not a series: it lacks the column {', '.join(missing)}", _HOW)


class _SessionRows:
    """One session of a file, row by row."""

    def __init__(self, wanted: FileSelection) -> None:
        self.builder = SeriesBuilder()
        self._span = wanted.span
        self._model = wanted.model
        self._rest: Baseline | None = None
        if wanted.rest is not None:
            self._rest = wanted.rest.begin(wanted.model)

    def add(self, number: int, row: FileRow) -> None:
        frame: FileRow | Sample = row
        if self._rest is not None:
            frame = self._rest.above_rest(_as_sample(number, row))
        if self._span.holds(row.t):
            self.builder.add([frame])

    def source(self, name: str, origin: str, metadata: FileMetadata) -> Source:
        return Source(
            name,
            origin,
            self.builder.build(),
            self._model,
            metadata.rest if self._rest is None else str(self._rest),
            metadata.clock_offset_ms,
            metadata.clock_error_ms,
            is_file=True,
        )


def _as_sample(number: int, row: FileRow) -> Sample:
    """The row as a sample for the baseline; its id is its position in the file."""
    fields = row.model_dump(exclude={"valence_above_rest", "sigma_above_rest"})
    return Sample.model_construct(id=number, seq=number, **fields)


def _sources(
    path: Path,
    rows: Rows,
    wanted: FileSelection,
    on_rows: OnRows,
    metadata: FileMetadata = NO_METADATA,
) -> list[Source]:
    sessions: dict[str, _SessionRows] = {}
    for number, (line, values) in enumerate(_counted(rows, on_rows), start=1):
        row = _row(path, line, values)
        name = row.session or path.stem
        if name not in sessions:
            if len(sessions) == MAX_SERIES:
                raise DataError(f"{path} holds more than {MAX_SERIES} sessions", "give fewer")
            sessions[name] = _SessionRows(wanted)
        sessions[name].add(number, row)
    found = [(name, one) for name, one in sessions.items() if len(one.builder)]
    if not found:
        where = "in that time" if sessions else "in it"
        raise DataError(f"{path} has no samples {where}", "a report requires at least one")
    return [one.source(name, path.name, metadata) for name, one in found]


def _counted(rows: Rows, on_rows: OnRows) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows; `on_rows` is called once per batch."""
    uncounted = 0
    for row in rows:
        yield row
        uncounted += 1
        if uncounted == _BATCH:
            on_rows(uncounted)
            uncounted = 0
    on_rows(uncounted)


def _row(path: Path, line: int, values: dict[str, Any]) -> FileRow:
    try:
        return FileRow.model_validate(values)
    except pydantic.ValidationError as error:
        fault = error.errors()[0]
        where = f" {fault['loc'][0]} is {str(fault['input'])[:40]!r}:" if fault["loc"] else ""
        what = fault["msg"].removeprefix("Value error, ")
        raise DataError(f"{path}, row {line}:{where} {what}", _HOW) from None


# --- event markers ---------------------------------------------------------------------------


class _MarkRow(BaseModel):
    session: str
    t: FiniteFloat
    text: str


@pointing_to(See.REPORT)
def read_marks(path: Path) -> dict[str, tuple[Mark, ...]]:
    """The event markers of each session in a CSV file, as `narrowcast export --marks` writes it.

    Markers are numbered again, in the order of the file. Raises DataError where the file cannot be
    read, or is not such a file.
    """
    found: dict[str, list[Mark]] = {}
    try:
        with open_table(path) as table:
            for line, cells in table.rows():
                row = _mark_row(path, line, cells | {"t": with_decimal_point(cells.get("t", ""))})
                marks = found.setdefault(row.session, [])
                marks.append(Mark(id=len(marks) + 1, t=row.t, text=row.text))
                if len(marks) > MAX_MARKS:
                    raise DataError(
                        f"{path} holds more than {MAX_MARKS} event markers of a session", _HOW_MARKS
                    )
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error})", _HOW_MARKS) from error
    except (UnicodeError, csv.Error) as error:
        raise DataError(
            f"{path} is not a CSV file in UTF-8 or UTF-16 ({error})", _HOW_MARKS
        ) from None
    return {session: tuple(marks) for session, marks in found.items()}


def _mark_row(path: Path, line: int, values: dict[str, Any]) -> _MarkRow:
    try:
        return _MarkRow.model_validate(values)
    except pydantic.ValidationError as error:
        fault = error.errors()[0]
        raise DataError(
            f"{path}, row {line}: {fault['loc'][0]}: {fault['msg']}", _HOW_MARKS
        ) from None


# --- rest out of a file ----------------------------------------------------------------------


def learn_from_file(
    path: Path, seconds: float, from_t: float | None
) -> tuple[RestLearner, ModelName]:
    """Rest as learned from an exported or scored series, in order of capture, and its model.

    Raises DataError where the file holds several sessions, else as `read_file` does.
    """
    sources = read_file(path, lambda _: None)
    if len(sources) > 1:
        raise DataError(
            f"{path} holds {len(sources)} sessions",
            "give a file of one person's session",
            see=See.BASELINE,
        )
    learner = RestLearner(seconds)
    learn_from_series(learner, sources[0].series, from_t)
    return learner, sources[0].model


def learn_from_series(learner: RestLearner, series: Series, from_t: float | None = None) -> None:
    """Pass the samples from `from_t` on to the learner, until rest is learned."""
    for index in range(len(series)):
        if learner.rest is not None:
            return
        sample = _sample(series, index)
        if from_t is None or sample.t >= from_t:
            learner.add(sample)


def _sample(series: Series, index: int) -> Sample:
    """The fields that a learner uses; the id is the position in order of capture."""
    read = bool(series.is_reading[index])
    return Sample.model_construct(
        id=index + 1,
        t=series.start_t + float(series.at_s[index]),
        status=STATUSES[series.status[index]],
        valence=float(series.valence[index]) if read else None,
        sigma=float(series.sigma[index]) if np.isfinite(series.sigma[index]) else None,
        px=int(series.px[index]) if read and series.px[index] > 0 else None,
    )

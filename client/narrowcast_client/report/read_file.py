"""Series out of CSV and Parquet files, as `narrowcast export` and `narrowcast score` write them."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

import pydantic
from pydantic import BaseModel, Field, FiniteFloat, NonNegativeInt, model_validator

from narrowcast_client.baseline import Baseline, BaselineChoice
from narrowcast_client.export import load_arrow
from narrowcast_client.report.series import SeriesBuilder, Source
from narrowcast_client.report.told import NOTHING_TOLD, Told, read_told
from narrowcast_shared.archive import TimeSpan
from narrowcast_shared.errors import DataError, pointing_to
from narrowcast_shared.marks import LATEST_T
from narrowcast_shared.model_name import UNKNOWN_MODEL, ModelName
from narrowcast_shared.operating_point import CHIP_PX, MAX_QP
from narrowcast_shared.samples import Sample, Status
from narrowcast_shared.see import See
from narrowcast_shared.text_files import open_table, with_decimal_point

SUFFIXES = (".csv", ".parquet")
MAX_SERIES = 50
"""Series of one file: more is another kind of table."""

_NEEDED = ("t", "status", "valence", "sigma")
_BATCH = 10_000
_HOW = "give a file of `narrowcast export` or `narrowcast score --csv`"

Valence = Annotated[FiniteFloat, Field(ge=-1, le=1)]
Sigma = Annotated[FiniteFloat, Field(ge=0)]
Time = Annotated[FiniteFloat, Field(ge=-LATEST_T, le=LATEST_T)]
OnRows = Callable[[int], None]
Rows = Iterable[tuple[int, dict[str, Any]]]


class Row(BaseModel):
    """A line of the file; columns of other names are not looked at."""

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
    def _read_means_a_valence(self) -> Self:
        if self.status is Status.OK and self.valence is None:
            raise ValueError("status ok without a valence")
        return self


class Wanted(NamedTuple):
    """What of a file: the samples of `span`, above `rest` too.

    model: that read them, where the file does not say.
    """

    span: TimeSpan = TimeSpan()
    rest: BaselineChoice | None = None
    model: ModelName = UNKNOWN_MODEL


def is_file(name: str) -> bool:
    """Whether an input is named as a file is, and not as a session."""
    return name.lower().endswith(SUFFIXES)


@pointing_to(See.REPORT)
def read_file(path: Path, on_rows: OnRows, wanted: Wanted | None = None) -> list[Source]:
    """The series in a file, one a session, in the order of their first rows.

    on_rows: told of how many more rows were read.
    Raises DataError where it cannot be read, is no series, or has no rows; NarrowcastError
    where Parquet is not installed.
    """
    wanted = wanted or Wanted()
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


def _read_csv(path: Path, wanted: Wanted, on_rows: OnRows) -> list[Source]:
    try:
        with open_table(path) as table:
            _check_columns(path, table.columns)
            rows = ((line, _with_points(cells)) for line, cells in table.rows())
            return _sources(path, rows, wanted, on_rows)
    except (UnicodeError, csv.Error) as error:
        raise DataError(f"{path} is no CSV in UTF-8 or UTF-16 ({error})", _HOW) from None


def _with_points(cells: Mapping[str, str]) -> dict[str, Any]:
    return {name: with_decimal_point(text) for name, text in cells.items()}


def _read_parquet(path: Path, wanted: Wanted, on_rows: OnRows) -> list[Source]:
    arrow, parquet = load_arrow("pyarrow"), load_arrow("pyarrow.parquet")
    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            _check_columns(path, schema.names)
            told = read_told(path, schema.metadata or {})
            columns = [name for name in Row.model_fields if name in schema.names]
            batches = file.iter_batches(_BATCH, columns=columns)
            rows = enumerate((row for batch in batches for row in batch.to_pylist()), start=1)
            wanted = wanted._replace(model=told.read_by or wanted.model)
            return _sources(path, rows, wanted, on_rows, told)
    except arrow.ArrowInvalid as error:
        raise DataError(f"{path} is no Parquet file ({str(error).splitlines()[0]})", _HOW) from None


def _check_columns(path: Path, names: Any) -> None:  # noqa: ANN401 - of csv or of pyarrow
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise DataError(f"{path} is no series: it has no column {', '.join(missing)}", _HOW)


class _Gathered:
    """One session of a file, as its rows come."""

    def __init__(self, wanted: Wanted) -> None:
        self.builder = SeriesBuilder()
        self._span = wanted.span
        self._model = wanted.model
        self._rest: Baseline | None = None
        if wanted.rest is not None:
            self._rest = wanted.rest.begin(wanted.model)

    def add(self, number: int, row: Row) -> None:
        frame: Row | Sample = row
        if self._rest is not None:
            frame = self._rest.above_rest(_as_sample(number, row))
        if self._span.holds(row.t):
            self.builder.add([frame])

    def source(self, name: str, origin: str, told: Told) -> Source:
        return Source(
            name,
            origin,
            self.builder.build(),
            self._model,
            told.rest if self._rest is None else str(self._rest),
            told.clock_offset_ms,
            told.clock_error_ms,
            is_file=True,
        )


def _as_sample(number: int, row: Row) -> Sample:
    """The row as the baseline takes it: its number is its place in the series."""
    told = row.model_dump(exclude={"valence_above_rest", "sigma_above_rest"})
    return Sample.model_construct(id=number, seq=number, **told)


def _sources(
    path: Path, rows: Rows, wanted: Wanted, on_rows: OnRows, told: Told = NOTHING_TOLD
) -> list[Source]:
    sessions: dict[str, _Gathered] = {}
    for number, (line, values) in enumerate(_counted(rows, on_rows), start=1):
        row = _row(path, line, values)
        name = row.session or path.stem
        if name not in sessions:
            if len(sessions) == MAX_SERIES:
                raise DataError(f"{path} holds more than {MAX_SERIES} sessions", "give fewer")
            sessions[name] = _Gathered(wanted)
        sessions[name].add(number, row)
    found = [(name, one) for name, one in sessions.items() if len(one.builder)]
    if not found:
        where = "in that time" if sessions else "in it"
        raise DataError(f"{path} has no samples {where}", "a report needs one at least")
    return [one.source(name, path.name, told) for name, one in found]


def _counted(rows: Rows, on_rows: OnRows) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows, told of a batch at a time."""
    untold = 0
    for row in rows:
        yield row
        untold += 1
        if untold == _BATCH:
            on_rows(untold)
            untold = 0
    on_rows(untold)


def _row(path: Path, line: int, values: dict[str, Any]) -> Row:
    try:
        return Row.model_validate(values)
    except pydantic.ValidationError as error:
        fault = error.errors()[0]
        where = f" {fault['loc'][0]} is {str(fault['input'])[:40]!r}:" if fault["loc"] else ""
        what = fault["msg"].removeprefix("Value error, ")
        raise DataError(f"{path}, row {line}:{where} {what}", _HOW) from None

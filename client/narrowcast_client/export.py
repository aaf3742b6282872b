"""A stored series as a CSV or Parquet file, and its event markers as a CSV file of their own.

Samples are written page by page, so memory does not grow with the series. A file takes its name
only when it is complete, so that an interrupted export never looks like a whole one.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from narrowcast_client.baseline import Baseline, BaselineChoice, SampleAboveRest, learn_from_archive
from narrowcast_shared import __version__
from narrowcast_shared.archive import Archive, SessionInfo, TimeSpan
from narrowcast_shared.errors import NarrowcastError, SettingsError, install_hint
from narrowcast_shared.in_place import in_place, is_stream
from narrowcast_shared.marks import csv_of
from narrowcast_shared.samples import Sample, csv_header, csv_row

ROW_GROUP = 65_536
"""Samples of one row group: about 10 MB in memory; a reader can skip a group as a whole."""

UNITS = {
    "t": "s",
    "valence": "1, from -1 to +1",
    "sigma": "1",
    "px": "px",
    "wire_bps": "bit/s",
    "latency_ms": "ms",
    "cap_bps": "bit/s",
}
_UNITS_ABOVE_REST = {"valence_above_rest": "1, from -2 to +2", "sigma_above_rest": "1"}

TIME_BASE = "Unix time in seconds, of the encoder's clock"

_TYPES = {
    "id": "int64",
    "session": "string",
    "seq": "int64",
    "t": "float64",
    "status": "string",
    "valence": "float64",
    "sigma": "float64",
    "px": "int16",
    "qp": "int16",
    "wire_bps": "int64",
    "latency_ms": "float64",
    "cap_bps": "int64",
    "valence_above_rest": "float64",
    "sigma_above_rest": "float64",
}


async def export_samples(
    archive: Archive,
    name: str,
    span: TimeSpan,
    out: Path,
    choice: BaselineChoice | None = None,
) -> tuple[int, Baseline | None]:
    """Write the samples of session `name` in the span to `out`.

    choice: adds the baseline-corrected columns; a rest to be learned is learned first. Returns the
    number of samples, and the baseline that was subtracted.

    `out` ends in .csv or .parquet, or is a stream, which gets CSV. Raises SettingsError where it
    does not or cannot be written, NarrowcastError where Parquet is not installed, else as the
    archive does.
    """
    session = await archive.session(name)
    baseline = None if choice is None else await learn_from_archive(choice, archive, session)
    count = 0
    suffix = out.suffix.lower() or (".csv" if is_stream(out) else "")
    with in_place(out) as part, _writer(suffix, part, session, baseline) as writer:
        async with aclosing(archive.pages(session, span)) as pages:
            async for page in pages:
                writer.write(page if baseline is None else list(map(baseline.above_rest, page)))
                count += len(page)
    return count, baseline


async def export_marks(archive: Archive, name: str, span: TimeSpan, out: Path) -> int:
    """Write the event markers of session `name` in the span to `out`; their number.

    A marker's time is rarely that of a frame, so markers have a file of their own. `out` ends in
    .csv, or is a stream. Raises SettingsError where it does not or cannot be written, else as the
    archive does.
    """
    session = await archive.session(name)
    if out.suffix.lower() != ".csv" and not is_stream(out):
        raise SettingsError(f"event markers cannot be written to {out}", "end its name in .csv")
    marks = [mark for mark in await archive.marks(session.session) if span.holds(mark.t)]
    with in_place(out) as part:
        part.write_text(csv_of(session.session, marks), encoding="utf-8", newline="")
    return len(marks)


class Writer(ABC):
    """A file that takes samples in order; a context manager."""

    @abstractmethod
    def write(self, samples: Sequence[Sample]) -> None:
        """The next samples."""

    @abstractmethod
    def close(self, *, complete: bool) -> None:
        """End the file; `complete` is False where an error ended the export."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close(complete=error is None)


def _writer(suffix: str, path: Path, session: SessionInfo, baseline: Baseline | None) -> Writer:
    kind = Sample if baseline is None else SampleAboveRest
    match suffix:
        case ".csv":
            return CsvWriter(path, kind)
        case ".parquet":
            return ParquetWriter(path, session, kind, baseline)
    raise SettingsError(
        f"files ending in {suffix!r} are not supported", "end it in .csv or .parquet"
    )


class CsvWriter(Writer):
    """The columns of `narrowcast_shared.samples`, one line per sample."""

    def __init__(self, path: Path, kind: type[Sample] = Sample) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._file.write(csv_header(kind))

    def write(self, samples: Sequence[Sample]) -> None:
        self._file.writelines(csv_row(sample) for sample in samples)

    def close(self, *, complete: bool) -> None:  # noqa: ARG002 - the caller discards the file
        self._file.close()


class ParquetWriter(Writer):
    """The same columns, typed. The schema's metadata hold their units and meanings."""

    def __init__(
        self,
        path: Path,
        session: SessionInfo,
        kind: type[Sample] = Sample,
        baseline: Baseline | None = None,
    ) -> None:
        self._arrow = load_arrow("pyarrow")
        self._kind = kind
        self._schema = _schema(self._arrow, session, kind, baseline)
        parquet = load_arrow("pyarrow.parquet")
        self._file = parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[Sample] = []

    def write(self, samples: Sequence[Sample]) -> None:
        self._rows += samples
        if len(self._rows) >= ROW_GROUP:
            self._flush()

    def close(self, *, complete: bool) -> None:
        try:
            if complete and self._rows:
                self._flush()
        finally:
            self._file.close()

    def _flush(self) -> None:
        names = self._kind.model_fields
        columns = {name: [getattr(row, name) for row in self._rows] for name in names}
        self._file.write_table(self._arrow.Table.from_pydict(columns, schema=self._schema))
        self._rows = []


def _schema(
    arrow: Any,  # noqa: ANN401 - pyarrow has no types
    session: SessionInfo,
    kind: type[Sample],
    baseline: Baseline | None,
) -> Any:  # noqa: ANN401
    """The type, unit and meaning of each column, and the session that they belong to."""
    units = UNITS | _UNITS_ABOVE_REST
    fields = []
    for name, field in kind.model_fields.items():
        texts = {"description": field.description or "", "unit": units.get(name, "")}
        alias = arrow.type_for_alias(_TYPES[name])
        texts = {key: text for key, text in texts.items() if text}
        fields.append(arrow.field(name, alias, nullable=not field.is_required(), metadata=texts))
    metadata = {
        "narrowcast.session": session.session,
        "narrowcast.model": session.model or "",
        "narrowcast.model_sha256": session.model_sha256 or "",
        "narrowcast.time_base": TIME_BASE,
        "narrowcast.clock_offset_ms": _text(session.clock_offset_ms),
        "narrowcast.clock_error_ms": _text(session.clock_error_ms),
        "narrowcast.version": __version__,
    }
    if baseline is not None and baseline.known is not None:
        metadata["narrowcast.resting_valence"] = str(baseline.known.valence)
        metadata["narrowcast.resting_standard_error"] = str(baseline.known.standard_error)
    return arrow.schema(fields, metadata=metadata)


def _text(ms: float | None) -> str:
    return "" if ms is None else str(ms)


def load_arrow(module: str) -> Any:  # noqa: ANN401 - pyarrow has no types
    """`pyarrow` or a submodule of it. Raises NarrowcastError where it is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise NarrowcastError("Parquet needs pyarrow", install_hint("parquet")) from None

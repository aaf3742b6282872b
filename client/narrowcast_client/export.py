"""A stored series as one file, CSV or Parquet. What is in memory does not grow with its length.

The file takes its name when it is complete: nothing that was cut short looks whole.
"""

import importlib
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from narrowcast_client.baseline import Baseline, SampleAboveRest
from narrowcast_shared import __version__
from narrowcast_shared.archive import Archive, SessionInfo, TimeSpan
from narrowcast_shared.errors import NarrowcastError, SettingsError, install_hint
from narrowcast_shared.in_place import in_place, is_stream
from narrowcast_shared.samples import Sample, csv_header, csv_row

ROW_GROUP = 65_536
"""Samples of one row group: some 10 MB in memory, and what a reader can skip at a time."""

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


class Writer(Protocol):
    """Takes samples in order; a context manager."""

    def write(self, samples: Sequence[Sample]) -> None:
        """The next samples."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


async def export(
    archive: Archive,
    session: SessionInfo,
    span: TimeSpan,
    out: Path,
    baseline: Baseline | None = None,
) -> int:
    """Write what the archive has of the span to `out`; how many samples these are.

    baseline: adds the columns of a sample above rest; rest is learned before, if it is to be.

    `out` ends in .csv or .parquet, or is a stream, which gets CSV. Raises SettingsError where it
    does not or cannot be written, NarrowcastError where Parquet is not installed, else as the
    archive does.
    """
    count = 0
    suffix = out.suffix.lower() or (".csv" if is_stream(out) else "")
    with in_place(out) as part, _writer(suffix, part, session, baseline) as writer:
        async with aclosing(archive.pages(session, span)) as pages:
            async for page in pages:
                writer.write(page if baseline is None else list(map(baseline.above_rest, page)))
                count += len(page)
    return count


def _writer(suffix: str, path: Path, session: SessionInfo, baseline: Baseline | None) -> Writer:
    kind = Sample if baseline is None else SampleAboveRest
    match suffix:
        case ".csv":
            return CsvWriter(path, kind)
        case ".parquet":
            return ParquetWriter(path, session, kind, baseline)
    raise SettingsError(f"a file ending in {suffix!r} is not known", "end it in .csv or .parquet")


class CsvWriter:
    """The columns of `narrowcast_shared.samples`, a line a sample."""

    def __init__(self, path: Path, kind: type[Sample] = Sample) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._file.write(csv_header(kind))

    def write(self, samples: Sequence[Sample]) -> None:
        self._file.writelines(csv_row(sample) for sample in samples)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


class ParquetWriter:
    """The same columns, typed; units and what they mean are in the schema's metadata."""

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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None and self._rows:
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
    """Field by field its type, unit and meaning; of the whole, what it is a series of."""
    units = UNITS | _UNITS_ABOVE_REST
    fields = []
    for name, told in kind.model_fields.items():
        meant = {"description": told.description or "", "unit": units.get(name, "")}
        meant = {key: text for key, text in meant.items() if text}
        alias = arrow.type_for_alias(_TYPES[name])
        fields.append(arrow.field(name, alias, nullable=not told.is_required(), metadata=meant))
    metadata = {
        "narrowcast.session": session.session,
        "narrowcast.model": session.model or "",
        "narrowcast.model_sha256": session.model_sha256 or "",
        "narrowcast.time_base": TIME_BASE,
        "narrowcast.clock_offset_ms": _told(session.clock_offset_ms),
        "narrowcast.clock_error_ms": _told(session.clock_error_ms),
        "narrowcast.version": __version__,
    }
    if baseline is not None and baseline.known is not None:
        metadata["narrowcast.resting_valence"] = str(baseline.known.valence)
        metadata["narrowcast.resting_standard_error"] = str(baseline.known.standard_error)
    return arrow.schema(fields, metadata=metadata)


def _told(ms: float | None) -> str:
    return "" if ms is None else str(ms)


def load_arrow(module: str) -> Any:  # noqa: ANN401 - pyarrow has no types
    """The module, pyarrow or one of its own. Raises NarrowcastError where it is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise NarrowcastError("Parquet needs pyarrow", install_hint("parquet")) from None

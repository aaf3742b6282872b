"""A stored series as one file, CSV or Parquet. What is in memory does not grow with its length.

The file takes its name when it is complete: nothing that was cut short looks whole.
"""

import importlib
import os
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from narrowcast_shared import __version__
from narrowcast_shared.client.archive import Archive, TimeSpan
from narrowcast_shared.client.sessions import SessionInfo
from narrowcast_shared.errors import NarrowcastError, SettingsError
from narrowcast_shared.samples import FIELDS, Sample, csv_header, csv_row

ROW_GROUP = 65_536
"""Samples of one row group: some 10 MB in memory, and what a reader can skip at a time."""

UNITS = {
    "t": "s",
    "valence": "1, from -1 to +1",
    "sigma": "1",
    "px": "px",
    "wire_bps": "bit/s",
    "latency_ms": "ms",
}

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


async def export(archive: Archive, session: SessionInfo, span: TimeSpan, out: Path) -> int:
    """Write what the archive has of the span to `out`; how many samples these are.

    `out` ends in .csv or .parquet. Raises SettingsError where it does not or cannot be written,
    NarrowcastError where Parquet is not installed, else as the archive does.
    """
    count = 0
    with _in_place(out) as part, _writer(out.suffix.lower(), part, session) as writer:
        async with aclosing(archive.pages(session, span)) as pages:
            async for page in pages:
                writer.write(page)
                count += len(page)
    return count


@contextmanager
def _in_place(out: Path) -> Iterator[Path]:
    """A path beside `out`, which takes its place at the end, or goes where that fails."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(out)
    except OSError as error:
        raise SettingsError(
            f"{out} cannot be written ({error.strerror})", "name another file with --out"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _writer(kind: str, path: Path, session: SessionInfo) -> Writer:
    match kind:
        case ".csv":
            return CsvWriter(path)
        case ".parquet":
            return ParquetWriter(path, session)
    raise SettingsError(f"a file ending in {kind!r} is not known", "end it in .csv or .parquet")


class CsvWriter:
    """The columns of `narrowcast_shared.samples`, a line a sample."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._file.write(csv_header())

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

    def __init__(self, path: Path, session: SessionInfo) -> None:
        self._arrow = _load("pyarrow")
        self._schema = _schema(self._arrow, session)
        parquet = _load("pyarrow.parquet")
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
        columns = {name: [getattr(row, name) for row in self._rows] for name in FIELDS}
        self._file.write_table(self._arrow.Table.from_pydict(columns, schema=self._schema))
        self._rows = []


def _schema(arrow: Any, session: SessionInfo) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Field by field its type, unit and meaning; of the whole, what it is a series of."""
    fields = []
    for name, told in Sample.model_fields.items():
        meant = {"description": told.description or "", "unit": UNITS.get(name, "")}
        meant = {key: text for key, text in meant.items() if text}
        kind = arrow.type_for_alias(_TYPES[name])
        fields.append(arrow.field(name, kind, nullable=not told.is_required(), metadata=meant))
    metadata = {
        "narrowcast.session": session.session,
        "narrowcast.model": session.model or "",
        "narrowcast.time_base": TIME_BASE,
        "narrowcast.version": __version__,
    }
    return arrow.schema(fields, metadata=metadata)


def _load(module: str) -> Any:  # noqa: ANN401 - pyarrow has no types, and may not be there
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise NarrowcastError(
            "Parquet needs pyarrow", "pip install 'narrowcast[parquet]'"
        ) from None

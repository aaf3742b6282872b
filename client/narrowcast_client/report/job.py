"""The report command's work: read the inputs, compute the sections, write the page.

The page is written completely or not at all, and only over a file that is itself a report.
"""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from narrowcast_client.archive import open_archive
from narrowcast_client.baseline import BaselineChoice, learn_from_archive
from narrowcast_client.report import page
from narrowcast_client.report.read_file import FileSelection, is_file, read_file, read_marks
from narrowcast_client.report.section import describe
from narrowcast_client.report.series import SeriesBuilder, Source
from narrowcast_client.report.text import zone_at
from narrowcast_shared.archive import Archive, TimeSpan
from narrowcast_shared.errors import DataError, SettingsError
from narrowcast_shared.in_place import in_place, is_stream
from narrowcast_shared.marks import Mark
from narrowcast_shared.model_name import ModelName
from narrowcast_shared.remote.address import Address
from narrowcast_shared.see import See

logger = logging.getLogger(__name__)

MAX_SERIES = 50
"""Of a report, which is about 20 MB then."""

OnRows = Callable[[int], None]


class ReportJob(NamedTuple):
    """The inputs of a report.

    store: a file to read sessions from instead of `address`. model: of the files' estimates, where
    they name none. marks: a file of event markers, in addition to those of archives.
    """

    inputs: tuple[str, ...]
    span: TimeSpan
    address: Address
    store: Path | None = None
    rest: BaselineChoice | None = None
    model: str | None = None
    marks: Path | None = None


async def run(job: ReportJob, out: Path, title: str | None) -> int:
    """Write the report to `out`; returns the number of series.

    Raises NarrowcastErrors that say what to do, and writes nothing then.
    """
    page.check_installed()
    check_out(out)
    with _progress() as begin_step:
        sources = await _read(job, begin_step)
        written = datetime.now().astimezone()
        sections = []
        for number, source in enumerate(sources, start=1):
            begin_step(f"computing series {number} of {len(sources)}")(0)
            # As for --from and --to: this machine's zone at the time of the recording.
            sections.append(describe(source, zone_at(source.series.start_t)))
            if source.rest is not None and sections[-1].above_rest is None:
                logger.warning("%s: no sample is baseline-corrected: %s", source.name, source.rest)
        write_report(page.render(title or _title(sources), sections, written), out)
    return len(sections)


async def _read(job: ReportJob, begin_step: Callable[[str], OnRows]) -> list[Source]:
    sources: list[Source] = []
    archive = None
    marks = {} if job.marks is None else read_marks(job.marks)
    for name in job.inputs:
        on_rows = begin_step(f"reading {name}")
        if is_file(name):
            wanted = FileSelection(job.span, job.rest, ModelName(name=job.model))
            sources += read_file(Path(name), on_rows, wanted)
        else:
            archive = archive or open_archive(job.address, job.store)
            origin = f"the decoder at {job.address.base}" if job.store is None else job.store.name
            sources.append(await read_archive(archive, name, job.span, origin, job.rest, on_rows))
        if len(sources) > MAX_SERIES:
            raise SettingsError(
                f"a report holds at most {MAX_SERIES} series", "write several reports"
            )
    _warn_of_marks(job.marks, marks, sources)
    return [replace(source, marks=source.marks + marks.get(source.name, ())) for source in sources]


def _warn_of_marks(
    path: Path | None, marks: Mapping[str, Sequence[Mark]], sources: Sequence[Source]
) -> None:
    """Markers belong to sessions by name, and the name of an edited file may differ."""
    names = ", ".join(source.name for source in sources)
    if path is not None and marks.keys().isdisjoint(source.name for source in sources):
        of = ", ".join(marks) or "no session"
        logger.warning("%s holds event markers of %s, and none of %s", path, of, names)


def _title(sources: list[Source]) -> str:
    names = [source.name for source in sources]
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"Valence of {listed}"


@contextmanager
def _progress() -> Iterator[Callable[[str], OnRows]]:
    """Progress on standard error, where that is a terminal: the step, and the samples read.

    Yields a function that begins a step and returns a counter of its samples.
    """
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.completed} samples"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )

    def begin(description: str) -> OnRows:
        task = progress.add_task(description, total=None)
        return lambda rows: progress.advance(task, rows)

    with progress:
        yield begin


# --- series out of an archive ----------------------------------------------------------------


async def read_archive(
    archive: Archive,
    name: str,
    span: TimeSpan,
    origin: str,
    rest: BaselineChoice | None,
    on_rows: Callable[[int], None],
) -> Source:
    """The samples of the session in the span.

    origin: the archive in words. rest: a rest to subtract as well; it is learned from the session's
    first samples, in the span or not.
    on_rows: called with the number of samples read since the last call. Raises DataError where
    there are none, else as the archive does.
    """
    session = await archive.session(name)
    baseline = None if rest is None else await learn_from_archive(rest, archive, session)
    builder = SeriesBuilder()
    async with aclosing(archive.pages(session, span)) as pages:
        async for page in pages:
            builder.add(page if baseline is None else map(baseline.above_rest, page))
            on_rows(len(page))
    if not len(builder):
        raise DataError(
            f"session {name!r} has no samples in that time",
            "`narrowcast sessions` lists the times of each session",
            see=See.REPORT,
        )
    return Source(
        session.session,
        origin,
        builder.build(),
        session.read_by,
        None if baseline is None else str(baseline),
        session.clock_offset_ms,
        session.clock_error_ms,
        tuple(await archive.marks(session.session)),
    )


# --- the file --------------------------------------------------------------------------------

SUFFIXES = (".html", ".htm")

_SIGN = b'<meta name="generator" content="narrowcast report">'
_HEAD_BYTES = 1024


def check_out(out: Path) -> None:
    """Raises SettingsError where `out` is not an HTML file, or exists and is not a report."""
    if is_stream(out):
        return
    if out.suffix.lower() not in SUFFIXES:
        raise SettingsError(f"{out} does not end in .html", "end --out in .html")
    if not out.parent.is_dir():
        raise SettingsError(f"there is no folder {out.parent}", "create it, or name another --out")
    if out.exists() and not _is_report(out):
        raise SettingsError(
            f"{out} exists and is not a narrowcast report", "name another file with --out"
        )


def write_report(page: str, out: Path) -> None:
    """Write the page. Raises SettingsError where that fails."""
    with in_place(out) as part:
        part.write_text(page, encoding="utf-8")


def _is_report(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _SIGN in file.read(_HEAD_BYTES)
    except OSError:
        return False

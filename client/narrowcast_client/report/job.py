"""From what the command names to the page: reads, computes, writes."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from narrowcast_client.baseline import BaselineChoice
from narrowcast_client.listing import open_archive
from narrowcast_client.report import page
from narrowcast_client.report.read_archive import read_archive
from narrowcast_client.report.read_file import Wanted, is_file, read_file
from narrowcast_client.report.read_marks import read_marks
from narrowcast_client.report.section import describe
from narrowcast_client.report.series import Source
from narrowcast_client.report.time_axis import zone_at
from narrowcast_client.report.write import check_out, write_report
from narrowcast_shared.archive import TimeSpan
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.marks import Mark
from narrowcast_shared.model_name import ModelName
from narrowcast_shared.remote.address import Address

logger = logging.getLogger(__name__)

MAX_SERIES = 50
"""Of a report: some 20 MB."""

OnRows = Callable[[int], None]


class Job(NamedTuple):
    """What a report is of.

    store: a file to read sessions from instead of `address`. model: that read the files, where
    they do not say. marks: a file of marks, by session, beside those that archives have.
    """

    inputs: tuple[str, ...]
    span: TimeSpan
    address: Address
    store: Path | None = None
    rest: BaselineChoice | None = None
    model: str | None = None
    marks: Path | None = None


async def run(job: Job, out: Path, title: str | None) -> int:
    """Write the report to `out`; of how many series it is.

    Raises NarrowcastErrors that say what to do; nothing is written then.
    """
    page.check_installed()
    check_out(out)
    with _progress() as tell:
        sources = await _read(job, tell)
        written = datetime.now().astimezone()
        sections = []
        for number, source in enumerate(sources, start=1):
            tell(f"computing series {number} of {len(sources)}")(0)
            # As --from and --to have it: this machine's zone at the time of the recording.
            sections.append(describe(source, zone_at(source.series.start_t)))
            if source.rest is not None and sections[-1].above_rest is None:
                logger.warning("%s: nothing is above rest: %s", source.name, source.rest)
        write_report(page.render(title or _title(sources), sections, written), out)
    return len(sections)


async def _read(job: Job, tell: Callable[[str], OnRows]) -> list[Source]:
    sources: list[Source] = []
    archive = None
    marks = {} if job.marks is None else read_marks(job.marks)
    for name in job.inputs:
        on_rows = tell(f"reading {name}")
        if is_file(name):
            wanted = Wanted(job.span, job.rest, ModelName(name=job.model))
            sources += read_file(Path(name), on_rows, wanted)
        else:
            archive = archive or open_archive(job.address, job.store)
            origin = f"the decoder at {job.address.base}" if job.store is None else job.store.name
            sources.append(await read_archive(archive, name, job.span, origin, job.rest, on_rows))
        if len(sources) > MAX_SERIES:
            raise SettingsError(f"a report holds {MAX_SERIES} series", "write several of fewer")
    _warn_of_marks(job.marks, marks, sources)
    return [replace(source, marks=source.marks + marks.get(source.name, ())) for source in sources]


def _warn_of_marks(
    path: Path | None, marks: Mapping[str, Sequence[Mark]], sources: Sequence[Source]
) -> None:
    """Marks go by the session's name, which a file that was written otherwise may not have."""
    names = ", ".join(source.name for source in sources)
    if path is not None and marks.keys().isdisjoint(source.name for source in sources):
        of = ", ".join(marks) or "no session"
        logger.warning("%s holds marks of %s, and none of %s", path, of, names)


def _title(sources: list[Source]) -> str:
    names = [source.name for source in sources]
    told = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"Valence of {told}"


@contextmanager
def _progress() -> Iterator[Callable[[str], OnRows]]:
    """On standard error where somebody looks: what is done, and how many samples were read.

    Gives a function that begins a step, and gives one that counts its samples.
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

"""How scored samples reach the user: JSON lines, CSV, or a summary with a plot."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean

import click
import plotext
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from narrowcast_client.baseline import BaselineChoice, ModelName, SampleAboveRest
from narrowcast_encoder.sources import shown
from narrowcast_lab.score import Scorer, session_names
from narrowcast_shared.errors import CodecError, NarrowcastError, SourceError
from narrowcast_shared.samples import Sample, Status, csv_header, csv_row

PLOT_ROWS = 14


@dataclass
class Scored:
    """Files to score, and against whose rest: each file's own, or that of a profile.

    Of several files one that cannot be read is left out, or ends where it breaks off.
    """

    scorer: Scorer
    files: Sequence[str]
    rest: BaselineChoice | None
    model: ModelName
    failed: dict[str, NarrowcastError] = field(default_factory=dict)
    """Files that could not be read, or not to their end, and why."""

    @property
    def kind(self) -> type[Sample]:
        """What each sample is."""
        return Sample if self.rest is None else SampleAboveRest

    @property
    def named(self) -> list[tuple[str, str]]:
        """Each file, and the name of its session."""
        return list(zip(self.files, session_names(self.files), strict=True))

    def samples(self, file: str, name: str) -> Iterator[Sample]:
        """Samples of one file; at its end, what is known of rest goes to standard error.

        Raises SourceError and CodecError where the only file fails.
        """
        baseline = None if self.rest is None else self.rest.begin(self.model)
        try:
            for sample in self.scorer.score(file, name):
                yield sample if baseline is None else baseline.above_rest(sample)
        except (SourceError, CodecError) as error:
            if len(self.files) == 1:
                raise
            self.failed[file] = error
        if baseline is not None:
            # Not click's echo, which writes past the progress that is drawn, and in UTF-8 there.
            sys.stderr.write(f"narrowcast: {shown(file)}: {baseline}\n")

    def tell_failed(self) -> None:
        """Name the files that failed. Raises NarrowcastError where there are any."""
        for file, error in self.failed.items():
            click.echo(f"narrowcast: {shown(file)}: {error}", err=True)
        if self.failed:
            names = ", ".join(map(shown, self.failed))
            raise NarrowcastError(
                f"{len(self.failed)} of {len(self.files)} files could not be read whole ({names})"
            )


def write_json(scored: Scored) -> None:
    """Every sample as one line of JSON."""
    for sample in _samples(scored, scored.named):
        sys.stdout.write(sample.model_dump_json() + "\n")


def write_csv(scored: Scored) -> None:
    """Every sample as one line of CSV, below one header."""
    for index, sample in enumerate(_samples(scored, scored.named)):
        sys.stdout.write((csv_header(scored.kind) if index == 0 else "") + csv_row(sample))


def show(scored: Scored) -> None:
    """A table and a plot of each file."""
    console = Console()
    for file, name in scored.named:
        samples = list(_samples(scored, [(file, name)]))
        if not samples and file in scored.failed:
            continue
        console.print(_summary(shown(file), samples))
        readings = [(s.t, s.valence) for s in samples if s.valence is not None]
        if readings:
            console.print(_plot(readings, console.width))


def _samples(scored: Scored, named: Iterable[tuple[str, str]]) -> Iterator[Sample]:
    """Samples of these files, with progress on standard error where somebody looks."""
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed} frames"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with progress:
        for file, name in named:
            task = progress.add_task(shown(file), total=None)
            for sample in scored.samples(file, name):
                progress.advance(task)
                yield sample


def _summary(file: str, samples: list[Sample]) -> Table:
    counts = Counter(sample.status for sample in samples)
    valences = [sample.valence for sample in samples if sample.valence is not None]
    rates = [sample.wire_bps for sample in samples if sample.wire_bps is not None]
    table = Table(title=file, show_header=False, title_justify="left")
    table.add_row("frames", str(len(samples)))
    for status in Status:
        if counts[status]:
            table.add_row(status.value, f"{counts[status]} ({counts[status] / len(samples):.0%})")
    if valences:
        table.add_row("valence, mean (range)", _mean_and_range(valences))
        table.add_row("wire rate, mean", f"{fmean(rates) / 1000:.1f} kbit/s")
    risen = [s.valence_above_rest for s in samples if isinstance(s, SampleAboveRest)]
    if above := [valence for valence in risen if valence is not None]:
        table.add_row("above rest, mean (range)", _mean_and_range(above))
    return table


def _mean_and_range(values: Sequence[float]) -> str:
    return f"{fmean(values):+.2f} ({min(values):+.2f} to {max(values):+.2f})"


def _plot(readings: list[tuple[float, float]], width: int) -> Text:
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, PLOT_ROWS)
    plotext.ylim(-1, 1)
    plotext.xlabel("s")
    plotext.plot([t for t, _ in readings], [valence for _, valence in readings], marker="braille")
    return Text.from_ansi(plotext.build())

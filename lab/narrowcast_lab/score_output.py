"""How scored samples reach the user: JSON lines, CSV, or a summary with a plot."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from statistics import fmean

import plotext
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from narrowcast_lab.score import Scorer
from narrowcast_shared.samples import Sample, Status, csv_header, csv_row

PLOT_ROWS = 14


def write_json(scorer: Scorer, files: Iterable[str]) -> None:
    """Every sample as one line of JSON."""
    for sample in _samples(scorer, files):
        sys.stdout.write(sample.model_dump_json() + "\n")


def write_csv(scorer: Scorer, files: Iterable[str]) -> None:
    """Every sample as one line of CSV, below one header."""
    for index, sample in enumerate(_samples(scorer, files)):
        sys.stdout.write((csv_header() if index == 0 else "") + csv_row(sample))


def show(scorer: Scorer, files: Iterable[str]) -> None:
    """A table and a plot of each file."""
    console = Console()
    for file in files:
        samples = list(_samples(scorer, [file]))
        console.print(_summary(file, samples))
        readings = [(s.t, s.valence) for s in samples if s.valence is not None]
        if readings:
            console.print(_plot(readings, console.width))


def _samples(scorer: Scorer, files: Iterable[str]) -> Iterator[Sample]:
    """Samples of all files, with progress on standard error where somebody looks."""
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
        for file in files:
            task = progress.add_task(file, total=None)
            for sample in scorer.score(file):
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
        low, high = min(valences), max(valences)
        table.add_row(
            "valence, mean (range)", f"{fmean(valences):+.2f} ({low:+.2f} to {high:+.2f})"
        )
        table.add_row("wire rate, mean", f"{fmean(rates) / 1000:.1f} kbit/s")
    return table


def _plot(readings: list[tuple[float, float]], width: int) -> Text:
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, PLOT_ROWS)
    plotext.ylim(-1, 1)
    plotext.xlabel("s")
    plotext.plot([t for t, _ in readings], [valence for _, valence in readings], marker="braille")
    return Text.from_ansi(plotext.build())

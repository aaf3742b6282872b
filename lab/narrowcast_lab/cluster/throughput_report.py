"""The figures of `narrowcast bench cluster`: tables for people, a document for files."""

import os
from typing import Any

from rich.console import Console
from rich.table import Table

from narrowcast_lab.cluster.throughput import Figures, Report, ratios

_TITLES = {"served": "A load that all serve", "too_many": "More than any serves"}
_UNITS = {"_cpu_us": " CPU a sample, us", "_ms_": ", ms, ", "_per_s": " a second"}


def show(report: Report) -> None:
    """Print a table of each load, set-ups side by side, and the ratios."""
    console = Console()
    for load, title in _TITLES.items():
        table = Table("", title=title, title_justify="left")
        for setup in report:
            table.add_column(setup, justify="right")
        for figure in Figures._fields:
            told = (getattr(by_load[load], figure) for by_load in report.values())
            table.add_row(_heading(figure), *map(_shown, told))
        console.print(table)
    table = Table(title="Ratios", title_justify="left", show_header=False)
    for name, ratio in ratios(report).items():
        table.add_row(name, "-" if ratio is None else f"{ratio:.2f}")
    console.print(table)


def document(report: Report, rounds: int) -> dict[str, Any]:
    """What is written to a file."""
    return {
        "rounds": rounds,
        "machine_cores": os.cpu_count(),
        "ratios": ratios(report),
        "set_ups": {
            setup: {load: figures._asdict() for load, figures in by_load.items()}
            for setup, by_load in report.items()
        },
    }


def _heading(figure: str) -> str:
    for unit, shown in _UNITS.items():
        figure = figure.replace(unit, shown)
    return figure.replace("_", " ")


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"

"""Figures of a benchmark: a table for whoever looks, a JSON for whoever compares."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def show(title: str, figures: dict[str, Any], json_path: Path | None) -> None:
    """Print the figures as a table of one row, and write them where asked."""
    table = Table(title=title, title_justify="left")
    for name in figures:
        table.add_column(_heading(name))
    table.add_row(*(str(value) for value in figures.values()))
    Console().print(table)
    _write(figures, json_path)


def show_rows(title: str, rows: dict[str, dict[str, Any]], json_path: Path | None) -> None:
    """The same for several rows with the same columns, each with its name."""
    table = Table("", title=title, title_justify="left")
    for name in next(iter(rows.values())):
        table.add_column(_heading(name), justify="right")
    for name, figures in rows.items():
        table.add_row(_heading(name), *(str(value) for value in figures.values()))
    Console().print(table)
    _write(rows, json_path)


def _heading(name: str) -> str:
    return name.replace("_ms", ", ms").replace("_bps", ", bit/s").replace("_", " ")


def _write(figures: dict[str, Any], json_path: Path | None) -> None:
    if json_path is not None:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")

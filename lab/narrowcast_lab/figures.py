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
        table.add_column(name.replace("_ms", ", ms").replace("_bps", ", bit/s").replace("_", " "))
    table.add_row(*(str(value) for value in figures.values()))
    Console().print(table)
    if json_path is not None:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")

"""Delimited text with a header line: CSV, whatever it is delimited by."""

import csv
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from narrowcast_shared.errors import DataError
from narrowcast_shared.text_files import read_text, with_decimal_point

DELIMITERS = ";,\t"
MISSING = {"", "nan", "na", "?"}


class Row(NamedTuple):
    """One line of a table: its number, counted from 1, and its cells by column."""

    path: Path
    line: int
    cells: dict[str, str]

    def number(self, column: str) -> float:
        """The cell as a finite number. Raises DataError naming file and line."""
        value = self.optional(column)
        if value is None:
            raise self.error(f"{column} is missing")
        return value

    def optional(self, column: str) -> float | None:
        """The cell as a finite number; None where it is empty or says `nan` or `?`."""
        text = self.cells[column]
        if text.lower() in MISSING:
            return None
        try:
            value = float(with_decimal_point(text))
        except ValueError:
            raise self.error(f"{column} {text!r} is no number") from None
        if not math.isfinite(value):
            raise self.error(f"{column} {text!r} is not finite")
        return value

    def error(self, problem: str, remedy: str = "") -> DataError:
        """What is wrong with this line."""
        return DataError(f"{self.path}, line {self.line}: {problem}", remedy)


def read(path: Path) -> list[Row]:
    """The rows below the header, whose names are read in lower case; empty lines are left out.

    The delimiter is that of `;`, `,` and tab which the header holds most of. Raises DataError
    where the file cannot be read, has no header, or a line has other columns than the header.
    """
    lines = text_lines(path)
    header = lines[0] if lines else ""
    delimiter = max(DELIMITERS, key=header.count)
    columns = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    if not any(columns):
        raise DataError(f"{path} has no header", "its first line must name the columns")
    return list(rows(path, columns, enumerate(lines[1:], 2), delimiter))


def rows(
    path: Path, columns: list[str], lines: Iterable[tuple[int, str]], delimiter: str = ","
) -> Iterator[Row]:
    """Numbered lines made into rows of these columns. Raises DataError."""
    for number, line in lines:
        if not line.strip():
            continue
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
        row = Row(path, number, dict(zip(columns, map(str.strip, cells), strict=False)))
        if len(cells) != len(columns):
            raise row.error(f"{len(cells)} cells in {len(columns)} columns")
        yield row


def text_lines(path: Path) -> list[str]:
    """The lines of a text file, without their ends. Raises DataError."""
    try:
        return read_text(path).split("\n")
    except FileNotFoundError:
        raise DataError(f"{path} is not there") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeError as error:
        raise DataError(f"{path} is no text in UTF-8 or UTF-16") from error


def column(path: Path, columns: Iterable[str], names: tuple[str, ...]) -> str:
    """Which of the columns goes by one of these names. Raises DataError where none does."""
    columns = list(columns)
    for name in names:
        if name in columns:
            return name
    raise DataError(f"{path} has no column {names[0]!r}", f"it has {', '.join(columns)}")

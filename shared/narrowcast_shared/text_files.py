"""Text files as other programs leave them: with a byte order mark, in UTF-16, and CSV of a
spreadsheet whose country writes a comma in 0,5 and therefore a semicolon between columns.

Windows' PowerShell writes `>` as UTF-16, its editors a byte order mark before UTF-8. Both say at
their beginning what they are, so they are read as that. Other encodings do not say what they are:
they are refused, as UTF-8 that it is not.
"""

import codecs
import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before that of UTF-16, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD_BYTES = 4
_MAX_HEADER_CHARS = 1 << 16

_DELIMITERS = ",;\t"
_SPREADSHEETS_OWN = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")


def encoding_of(head: bytes) -> str:
    """The encoding that the first bytes of a text tell of; UTF-8 where they tell of none."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    first_zero = head[:2].find(0)  # ASCII in UTF-16, without a mark
    return ("utf-16-be", "utf-16-le")[first_zero] if first_zero >= 0 else "utf-8"


def decode(data: bytes) -> str:
    """The text of a whole file. Raises UnicodeDecodeError."""
    return data.decode(encoding_of(data[:_HEAD_BYTES]))


def read_text(path: Path) -> str:
    """The text of a file, its line ends as line feeds. Raises OSError and UnicodeDecodeError."""
    return decode(path.read_bytes()).replace("\r\n", "\n")


class Table:
    """A CSV file with a header line, delimited by commas, semicolons or tabs."""

    def __init__(self, file: TextIO) -> None:
        """file: open at its beginning, with newline=""."""
        header, self._skipped, delimiter = file.readline(_MAX_HEADER_CHARS), 0, ""
        if own := _SPREADSHEETS_OWN.fullmatch(header):
            header, self._skipped, delimiter = file.readline(_MAX_HEADER_CHARS), 1, own[1]
        delimiter = delimiter or max(_DELIMITERS, key=header.count)
        self.columns = tuple(next(csv.reader([header], delimiter=delimiter), ()))
        self._lines = csv.DictReader(file, self.columns, delimiter=delimiter)

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Number of the line and cells by column; an empty cell, or one behind the end of a short
        line, is not there. Raises csv.Error and UnicodeDecodeError.
        """
        for line in self._lines:
            cells = {name: text for name, text in line.items() if name is not None and text}
            yield self._lines.line_num + self._skipped + 1, cells


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """A CSV file to read. Raises OSError, csv.Error and UnicodeDecodeError."""
    with path.open("rb") as binary:
        encoding = encoding_of(binary.read(_HEAD_BYTES))
    with path.open(encoding=encoding, newline="") as file:
        yield Table(file)


def with_decimal_point(text: str) -> str:
    """A number with a decimal comma as Python writes it; any other text as it is."""
    return text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text

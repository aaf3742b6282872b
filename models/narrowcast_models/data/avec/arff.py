"""ARFF as far as the challenge uses it: numeric and string attributes, dense rows.

    @relation GOLDSTANDARD
    @attribute Instance_name string
    @attribute frameTime numeric
    @attribute GoldStandard numeric
    @data
    'train_1',0.04,-0.012

Source: the format's description, Weka 3.
"""

import re
from pathlib import Path

from narrowcast_models.data import delimited
from narrowcast_models.data.delimited import Row
from narrowcast_shared.errors import DataError

_ATTRIBUTE = re.compile(r"""@attribute\s+('[^']*'|"[^"]*"|\S+)\s+(\w+)\s*""", re.IGNORECASE)
_TYPES = {"numeric", "real", "integer", "string"}


def read(path: Path) -> list[Row]:
    """The data rows, attributes named in lower case. Raises DataError."""
    columns: list[str] = []
    lines = list(enumerate(delimited.text_lines(path), 1))
    for number, line in lines:
        keyword = line.split(maxsplit=1)[0].lower() if line.strip() else ""
        if keyword == "@attribute":
            columns.append(_attribute(path, number, line))
        elif keyword == "@data":
            return _rows(path, columns, lines[number:])
        elif keyword not in {"", "@relation"} and not keyword.startswith("%"):
            raise DataError(f"{path}, line {number}: this is no line of an ARFF header")
    raise DataError(f"{path} has no @data line", "an ARFF file is expected")


def _rows(path: Path, columns: list[str], lines: list[tuple[int, str]]) -> list[Row]:
    data = [(number, line.replace("'", '"')) for number, line in lines if not _is_comment(line)]
    return list(delimited.rows(path, columns, data))


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("%")


def _attribute(path: Path, number: int, line: str) -> str:
    match = _ATTRIBUTE.fullmatch(line.strip())
    if match is None or match[2].lower() not in _TYPES:
        raise DataError(f"{path}, line {number}: only numeric and string attributes can be read")
    return match[1].strip("'\"").lower()

"""Marks out of a CSV file, as `narrowcast export --marks` writes it."""

import csv
from pathlib import Path
from typing import Any

import pydantic
from pydantic import BaseModel, FiniteFloat

from narrowcast_shared.errors import DataError, pointing_to
from narrowcast_shared.marks import MAX_MARKS, Mark
from narrowcast_shared.see import See
from narrowcast_shared.text_files import open_table, with_decimal_point

_HOW = "give a file of `narrowcast export --marks`"


class _Row(BaseModel):
    session: str
    t: FiniteFloat
    text: str


@pointing_to(See.REPORT)
def read_marks(path: Path) -> dict[str, tuple[Mark, ...]]:
    """The marks of each session. Raises DataError where the file cannot be read, or holds others.

    Marks are numbered anew, in the order of the file.
    """
    found: dict[str, list[Mark]] = {}
    try:
        with open_table(path) as table:
            for line, cells in table.rows():
                row = _row(path, line, cells | {"t": with_decimal_point(cells.get("t", ""))})
                marks = found.setdefault(row.session, [])
                marks.append(Mark(id=len(marks) + 1, t=row.t, text=row.text))
                if len(marks) > MAX_MARKS:
                    raise DataError(f"{path} holds more than {MAX_MARKS} marks of a session", _HOW)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error})", _HOW) from error
    except (UnicodeError, csv.Error) as error:
        raise DataError(f"{path} is no CSV in UTF-8 or UTF-16 ({error})", _HOW) from None
    return {session: tuple(marks) for session, marks in found.items()}


def _row(path: Path, line: int, values: dict[str, Any]) -> _Row:
    try:
        return _Row.model_validate(values)
    except pydantic.ValidationError as error:
        fault = error.errors()[0]
        raise DataError(f"{path}, row {line}: {fault['loc'][0]}: {fault['msg']}", _HOW) from None

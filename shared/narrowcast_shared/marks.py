"""Marks: notes of what happened when, set by people or by other software beside a series."""

import csv
import io
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT_CHARS = 200

MAX_MARKS = 10_000
"""That one session may have."""

LATEST_T = 9_007_199_254.0
"""In the year 2255, as far as a session's start may be (`wire.messages.MAX_TIME_US`)."""

_NO_CONTROL = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
"""One line: no control characters (C0, C1), and none that separate lines or paragraphs."""

_T = "Unix time in s, on the same clock as the samples' `t`: the encoder's."


class Mark(BaseModel):
    """A moment of a session and what is to be said of it."""

    model_config = ConfigDict(frozen=True)

    id: int = Field(ge=1, description="1, 2, 3, ... in the order in which they were added.")
    t: float = Field(description=_T)
    text: str = Field(description="What happened.")


class NewMark(BaseModel):
    """A mark that is to be added."""

    text: str = Field(
        min_length=1,
        max_length=MAX_TEXT_CHARS,
        pattern=_NO_CONTROL,
        description="What happened: one line, without control characters.",
    )
    t: float | None = Field(
        None,
        ge=0,
        le=LATEST_T,
        allow_inf_nan=False,
        description=f"{_T} Without it, the moment at which this comes, brought to that clock.",
    )


def csv_of(session: str, marks: Iterable[Mark]) -> str:
    """A session's marks as CSV (RFC 4180, lines ended by a line feed), with a header."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("id", "session", "t", "text"))
    lines.writerows((mark.id, session, mark.t, mark.text) for mark in marks)
    return text.getvalue()

"""The sample: one record of the valence series. Every captured frame gets exactly one."""

import csv
import io
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Status(StrEnum):
    """What became of a captured frame."""

    OK = "ok"  # read: valence and sigma are there
    NO_FACE = "no_face"  # the encoder saw no face in it
    SKIPPED = "skipped"  # the encoder chose not to code it, or to thin it out of an outage
    LOST = "lost"  # cut off by an outage, or undecodable


class Sample(BaseModel):
    """One captured frame in the series of its session."""

    model_config = ConfigDict(frozen=True)  # a later decoder may say more

    id: int = Field(ge=1, description="Position in the session's series; resume after it.")
    session: str = Field(description="Name of the session.")
    seq: int = Field(ge=0, description="Number of the captured frame within the session.")
    t: float = Field(
        description="Capture time in seconds: Unix time of a live session, position in the "
        "file where a file is scored. Of a lost frame, interpolated."
    )
    status: Status = Field(description="What became of the frame.")
    valence: float | None = Field(None, description="Valence, -1 to +1; only where ok.")
    sigma: float | None = Field(
        None, description="Standard deviation of the valence's error; only where ok."
    )
    px: int | None = Field(None, description="Side that the chip was coded at; only where ok.")
    qp: int | None = Field(None, description="x264's quantiser; only where ok.")
    wire_bps: int | None = Field(
        None, description="Wire rate of the last 2 s, bit/s, all headers counted."
    )
    latency_ms: float | None = Field(
        None, description="From capture to this sample, ms, clocks aligned."
    )
    cap_bps: int | None = Field(
        None,
        description="Wire rate that the encoder kept under when the frame's message was sent, "
        "bit/s; none where it has told of no cap.",
    )


FIELDS = tuple(Sample.model_fields)
"""Column names of a series as CSV, in order."""


def csv_header(kind: type[Sample] = Sample) -> str:
    """First line of a series as CSV, with its line end."""
    return ",".join(kind.model_fields) + "\n"


def csv_row(sample: Sample) -> str:
    """One sample as a CSV line (RFC 4180, ended by a line feed); what is not there is empty."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(sample.model_dump(mode="json").values())
    return line.getvalue()

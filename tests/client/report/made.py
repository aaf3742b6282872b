"""Series made by hand: frames as short tuples."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from narrowcast_client.report.series import Series, SeriesBuilder
from narrowcast_shared.samples import Sample, Status, csv_header, csv_row

UNIX_T = 1_767_225_600.0
"""2026-01-01 00:00:00 UTC."""

STATUSES = {".": Status.NO_FACE, "s": Status.SKIPPED, "x": Status.LOST}


class Frame(NamedTuple):
    """One frame. valence: of one that was read; else "." no face, "s" skipped, "x" lost."""

    at_s: float
    valence: float | str
    sigma: float = 0.1
    px: int = 48
    qp: int = 30
    wire_bps: int | None = 8000
    cap_bps: int | None = None
    latency_ms: float | None = 150.0


def samples(frames: Sequence[Frame], session: str = "anna", start_t: float = 0.0) -> list[Sample]:
    made = []
    for number, frame in enumerate(frames, start=1):
        common = {
            "id": number,
            "session": session,
            "seq": number - 1,
            "t": start_t + frame.at_s,
            "wire_bps": frame.wire_bps,
            "cap_bps": frame.cap_bps,
        }
        if isinstance(frame.valence, str):
            made.append(Sample(status=STATUSES[frame.valence], **common))
        else:
            made.append(
                Sample(
                    status=Status.OK,
                    valence=frame.valence,
                    sigma=frame.sigma,
                    px=frame.px,
                    qp=frame.qp,
                    latency_ms=frame.latency_ms,
                    **common,
                )
            )
    return made


def series(frames: Sequence[Frame], start_t: float = 0.0) -> Series:
    builder = SeriesBuilder()
    builder.add(samples(frames, start_t=start_t))
    return builder.build()


def steady(seconds: float, valence: float, fps: float = 10, start_s: float = 0.0) -> list[Frame]:
    """Readings of one valence, at a steady rate."""
    count = round(seconds * fps)
    return [Frame(start_s + index / fps, valence) for index in range(count)]


def csv_file(path: Path, made: Sequence[Sample]) -> Path:
    path.write_text(csv_header() + "".join(map(csv_row, made)), encoding="utf-8")
    return path

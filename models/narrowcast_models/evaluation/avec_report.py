"""What `narrowcast experiment avec` says: a table for the terminal, everything as JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rich.table import Table

from narrowcast_models.coding import Coding
from narrowcast_models.data.avec.layout import DEV, TRAIN
from narrowcast_models.evaluation import avec
from narrowcast_models.evaluation.avec import AvecFigures, Processing, Series, Wish

_COLUMNS = ("px", "QP", "recordings", "frames", "RMSE", "CC", "CCC", "kbit/s", "delay", "median")


class CodingResult(NamedTuple):
    """One coding: its series, what was done to them, figures with and without that."""

    coding: Coding
    done: Processing
    figures: list[AvecFigures]
    as_read: list[AvecFigures]
    left_out: dict[str, dict[str, int]]


def result(coding: Coding, series: Sequence[Series], wish: Wish) -> CodingResult:
    """Score the series of one coding."""
    done = avec.choose([one for one in series if one.partition == TRAIN], wish)
    return CodingResult(
        coding,
        done,
        figures=avec.score(series, done),
        as_read=avec.score(series, Processing()),
        left_out={
            one.recording: {reason.value: count for reason, count in one.left_out.items()}
            for one in series
        },
    )


def as_json(results: Sequence[CodingResult]) -> list[dict[str, Any]]:
    """Every figure of every recording."""
    return [
        {
            "px": one.coding.px,
            "qp": one.coding.qp,
            "delay_s": one.done.delay_s,
            "median_window_s": one.done.window_s,
            "rescaling": one.done.rescaling._asdict(),
            "figures": [row._asdict() for row in one.figures],
            "as_read": [row._asdict() for row in one.as_read],
            "left_out": one.left_out,
        }
        for one in results
    ]


def table(results: Sequence[CodingResult], title: str) -> Table:
    """The concatenated figures of each partition; `-` where a chip was shrunk and not coded."""
    out = Table(title=title, caption=_left_out(results[0].left_out) if results else None)
    for column in _COLUMNS:
        out.add_column(column, justify="right")
    for one in results:
        for row in one.figures:
            if row.name in (TRAIN, DEV):
                out.add_row(*_cells(one, row))
    return out


def _cells(one: CodingResult, row: AvecFigures) -> tuple[str, ...]:
    return (
        str(one.coding.px),
        "-" if one.coding.qp is None else str(one.coding.qp),
        row.name,
        str(row.frames),
        f"{row.rmse:.3f}",
        f"{row.cc:.3f}",
        f"{row.ccc:.3f}",
        "-" if row.video_kbps is None else f"{row.video_kbps:.1f}",
        f"{one.done.delay_s:g} s",
        f"{one.done.window_s:g} s",
    )


def _left_out(left_out: Mapping[str, Mapping[str, int]]) -> str:
    total: Counter[str] = Counter()
    for counts in left_out.values():
        total.update(counts)
    told = ", ".join(f"{count} ({reason})" for reason, count in total.most_common())
    return f"frames left out: {told or 'none'}"

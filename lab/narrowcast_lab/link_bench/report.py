"""The bench's figures as JSON and as tables for the terminal."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from narrowcast_lab.link_bench.contenders import ADAPTIVE
from narrowcast_lab.link_bench.figures import Course, Figures
from narrowcast_lab.link_bench.runs import Bench, Run
from narrowcast_lab.link_bench.steps import Settled
from narrowcast_shared.quantities import format_rate

_LABELLED = ("CCC", "kept")
_COLUMNS = ("fidelity", "1 s", "2 s", "used", "p95 ms", "read", "ours ahead")
_LEGEND = (
    "fidelity: CCC with the uncoded readings; 1 s: the same of means over 1 s; 2 s: kbit/s in the "
    "busiest two; used: share of the capacity while the face moves; p95: of the delay; "
    "read: of all frames; ours ahead: in CCC, 95 % of resamples"
)


def as_json(bench: Bench) -> dict[str, Any]:
    """All figures; at the top ours of the single run, or lists of ours in the runs' order."""
    ours = [_ours(bench, run) for run in bench.runs]
    top = ours[0] if len(ours) == 1 else {key: [each[key] for each in ours] for key in ours[0]}
    return {
        **top,
        "frames": len(bench.footage.chips),
        "against": "uncoded readings" if bench.footage.labels is None else "labels",
        "uncoded_ccc": round(bench.reference.uncoded_ccc, 4),
        "runs": [_run(bench, run) for run in bench.runs],
        "jpeg": [point._asdict() for point in bench.jpeg],
    }


def table(bench: Bench, run: Run) -> Table:
    """One run: a row a controller, ours first and the others by what they keep."""
    others = [name for name in run.controllers if name != ADAPTIVE]
    others.sort(key=lambda name: -run.controllers[name].valence.ccc)
    out = Table(
        title=f"over {run.line}",
        title_justify="left",
        box=SIMPLE_HEAD,
        caption=_told(bench, run),
        caption_justify="left",
        padding=0,
        pad_edge=False,
    )
    labelled = bench.footage.labels is not None
    for column in ("", *(_LABELLED if labelled else ()), *_COLUMNS):
        # In a narrow terminal the last column gives way: a number that is cut is a wrong one.
        last = column == _COLUMNS[-1]
        out.add_column(column, justify="right" if column else "left", no_wrap=not last)
    for name in (ADAPTIVE, *others):
        found = run.controllers[name]
        against_labels = (found.valence.ccc, found.valence.ccc_kept) if labelled else ()
        scores = (*against_labels, found.valence.fidelity, found.valence.fidelity_1s)
        cells = (f"{score:.3f}" for score in scores)
        out.add_row(name, *cells, *_cells(found), _ahead(bench, run, name))
    return out


def _told(bench: Bench, run: Run) -> str:
    """What stands below a table: how it was counted, JPEG, and what was late."""
    told = [_LEGEND]
    if bench.footage.labels is not None:
        told.append(f"CCC against labels; uncoded {bench.reference.uncoded_ccc:.3f}")
    if bench.jpeg:
        ratio = bench.jpeg_ratio(run)
        told.append(
            f"JPEG for as much: {_times(ratio.full_rate)} our rate at full frame rate, "
            f"{_times(ratio.any_rate)} at any"
        )
    after_s = run.ours.delay.delay_after_outage_s
    if after_s is not None:
        told.append(f"delay over its bound for {after_s:g} s after an outage, at most")
    told += [_step(step) for step in run.ours.course.steps]
    if not run.ours.counts.accounted:
        told.append("NOT every frame has its one sample")
    return "; ".join(told)


def _step(step: Settled) -> str:
    """When delay was back, and when the operating point was that which stayed."""
    after = (
        f"{format_rate(step.from_bps)} -> {format_rate(step.to_bps)}: delay in bound after ",
        "never" if step.late_s is None else f"{step.late_s:g} s",
        ", settled after ",
        "never" if step.settled_s is None else f"{step.settled_s} s",
    )
    return "".join(after)


def _times(ratio: float | None) -> str:
    return "no rate reaches" if ratio is None else f"{ratio:.1f} x"


def _cells(found: Figures) -> list[str]:
    wire, delay = found.wire, found.delay
    return [
        f"{wire.wire_bps_max_2s / 1000:.2f}",
        "-" if wire.cap_used_moving is None else f"{wire.cap_used_moving:.0%}",
        "-" if delay.delay_ms_p95 is None else f"{delay.delay_ms_p95:.0f}",
        f"{found.counts.readings / found.counts.frames:.0%}",
    ]


def _ahead(bench: Bench, run: Run, name: str) -> str:
    if name == ADAPTIVE:
        return ""
    found = bench.ahead(run, name)
    if found.low is None or found.high is None:
        return "too short"
    return f"{found.low:+.3f} {found.high:+.3f}"


def _ours(bench: Bench, run: Run) -> dict[str, Any]:
    return {**run.ours.flat(), "jpeg_ratio": _jpeg_ratio(bench, run)}


def _run(bench: Bench, run: Run) -> dict[str, Any]:
    return {
        **run.line.describe(),
        "controllers": {
            name: {**found.flat(), "ours_ahead": bench.ahead(run, name)._asdict()}
            for name, found in run.controllers.items()
        },
        "best_fixed": run.best_fixed,
        "jpeg_ratio": _jpeg_ratio(bench, run),
        "course": _course(run.ours.course),
    }


def _jpeg_ratio(bench: Bench, run: Run) -> dict[str, float | None] | None:
    return bench.jpeg_ratio(run)._asdict() if bench.jpeg else None


def _course(course: Course) -> dict[str, Any]:
    """How ours went: columns by second, and each outage."""
    capacity = course.capacity_bps
    columns = zip(*course.seconds, strict=True)
    by_second = dict(zip(course.seconds[0]._fields, map(list, columns), strict=True))
    return {
        "by_second": {
            "wire_bps": [round(bits) for bits in course.wire_bps.tolist()],
            "capacity_bps": None if capacity is None else [round(b) for b in capacity.tolist()],
            **by_second,
        },
        "outages": [outage._asdict() for outage in course.outages],
        "steps": [step._asdict() for step in course.steps],
    }

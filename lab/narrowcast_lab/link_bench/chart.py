"""The bench as SVG: one run over time, in panels on one axis; of several, CCC kept over rate.

Several footages stand one below the other.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from narrowcast_lab.link_bench.contenders import ADAPTIVE
from narrowcast_lab.link_bench.pinned import FIXED
from narrowcast_lab.link_bench.runs import Bench, Run
from narrowcast_models.evaluation.line_chart import HEIGHT, WIDTH, Axis, Line, line_chart
from narrowcast_models.evaluation.moving_figures import FPS

VALENCE_STEP = 5
"""Of the held series one frame in so many is drawn."""

SECONDS = Axis("s")
BEST_FIXED = "best fixed"


def svg(titled: Sequence[tuple[Bench, str]]) -> str:
    """The drawing as an SVG document, of each footage's bench and its title."""
    return _stacked([panel for bench, title in titled for panel in _panels(bench, title)])


def _panels(bench: Bench, title: str) -> list[str]:
    if len(bench.runs) == 1:
        return _over_time(bench, bench.runs[0], title)
    panels = [_over_rates(bench, title)]
    for run in bench.runs:
        panels += _over_time(bench, run, f"{title}, {run.line}")
    return panels


def _over_rates(bench: Bench, title: str) -> str:
    """CCC kept over the lines' mean rates: ours, each baseline, the best fixed of each line."""
    runs = sorted(bench.runs, key=lambda run: run.line.mean_bps)
    names = [name for name in runs[0].controllers if not name.startswith(FIXED)]
    lines = [
        Line(name, tuple((run.line.mean_bps, _kept(run, name)) for run in runs)) for name in names
    ]
    fixed = tuple((run.line.mean_bps, _kept(run, run.best_fixed)) for run in runs if run.best_fixed)
    lines += [Line(BEST_FIXED, fixed)] if fixed else []
    return line_chart(title, lines, Axis("capacity, bit/s", logarithmic=True), Axis("CCC kept"))


def _kept(run: Run, name: str) -> float:
    return run.controllers[name].valence.ccc_kept


def _over_time(bench: Bench, run: Run, title: str) -> list[str]:
    course = run.controllers[ADAPTIVE].course
    rates = [_line("wire", course.wire_bps / 1000)]
    if course.capacity_bps is not None:
        rates.append(_line("capacity", course.capacity_bps / 1000))
    px = [second.px for second in course.seconds]
    fps = [second.fps for second in course.seconds]
    delay = [second.delay_ms_max for second in course.seconds]
    return [
        line_chart(f"{title}: wire rate", rates, SECONDS, Axis("kbit/s in each second")),
        line_chart("Valence", _valence(bench, course.held), SECONDS, Axis("valence")),
        line_chart(
            "Operating point",
            [_line("px", px), _line("fps", fps)],
            SECONDS,
            Axis("px; frames a second"),
        ),
        line_chart("Delay", [_line("longest", delay)], SECONDS, Axis("ms in each second")),
    ]


def _valence(bench: Bench, held: NDArray[np.float64]) -> list[Line]:
    """Truth, then what a subscriber holds."""
    truth = np.zeros(len(held))
    truth[bench.reference.has_face] = bench.reference.truth
    name = "uncoded" if bench.footage.labels is None else "label"
    step_s = VALENCE_STEP / FPS
    return [
        _line(name, truth[::VALENCE_STEP], step_s),
        _line("ours, held", held[::VALENCE_STEP], step_s),
    ]


def _line(
    name: str, values: Sequence[float | None] | NDArray[np.float64], step_s: float = 1.0
) -> Line:
    """Values at even times; those that are not there are left out."""
    points = ((index * step_s, value) for index, value in enumerate(values) if value is not None)
    return Line(name, tuple((float(x), float(y)) for x, y in points), dots=False)


def _stacked(panels: Sequence[str]) -> str:
    """Charts one below the other as one document."""
    box = f'viewBox="0 0 {WIDTH} {HEIGHT * len(panels)}"'
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" {box}>', *_placed(panels), "</svg>\n"]
    )


def _placed(panels: Iterable[str]) -> Iterable[str]:
    for index, panel in enumerate(panels):
        place = f'y="{index * HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        yield f"<svg {place}>\n{panel}</svg>"

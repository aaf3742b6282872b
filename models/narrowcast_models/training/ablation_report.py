"""The ablation's cells as a table in Markdown, and what each variant differs by."""

from collections.abc import Callable, Sequence
from statistics import fmean

from narrowcast_models.coding import Coding
from narrowcast_models.evaluation import markdown as markdown_
from narrowcast_models.training.ablation import AblationCell, CodingFigures
from narrowcast_models.training.variants import BASE

Metric = Callable[[CodingFigures], float]

METRICS: dict[str, Metric] = {"CCC": lambda row: row.ccc, "CC": lambda row: row.cc}


def markdown(cells: Sequence[AblationCell]) -> str:
    """By metric a table of scores, and one of differences to the base where that is made.

    Rows are variants, columns codings. Raises ValueError where there is no cell.
    """
    if not cells:
        raise ValueError("no cell")
    tables = [
        f"{title}:\n\n{table}"
        for name, metric in METRICS.items()
        for title, table in _tables(name, metric, cells)
    ]
    variants = "\n".join(f"- {cell.variant}: {cell.what}" for cell in cells)
    return "\n\n".join([_heading(cells), *tables, variants]) + "\n"


def _tables(name: str, metric: Metric, cells: Sequence[AblationCell]) -> list[tuple[str, str]]:
    rows = {cell.variant: _by_coding(metric, cell) for cell in cells}
    tables = [(name, _scores(rows))]
    others = {variant: row for variant, row in rows.items() if variant != BASE}
    if BASE in rows and others:
        tables.append((f"{name}, difference to {BASE}", _differences(rows[BASE], others)))
    return tables


def _scores(rows: dict[str, dict[Coding, float]]) -> str:
    codings = _codings(rows)
    lines = [
        [variant, *(f"{row[coding]:.3f}" if coding in row else "" for coding in codings)]
        for variant, row in rows.items()
    ]
    return markdown_.table(["variant", *map(_head, codings)], lines)


def _differences(base: dict[Coding, float], rows: dict[str, dict[Coding, float]]) -> str:
    """Beside the codings, their mean, of those that the variant is scored at."""
    codings = tuple(base)
    lines = []
    for variant, row in rows.items():
        gains = {coding: row[coding] - base[coding] for coding in codings if coding in row}
        shown = [f"{gains[coding]:+.3f}" if coding in gains else "" for coding in codings]
        lines.append([variant, *shown, f"{fmean(gains.values()):+.3f}" if gains else ""])
    return markdown_.table(["variant", *map(_head, codings), "mean"], lines)


def _by_coding(metric: Metric, cell: AblationCell) -> dict[Coding, float]:
    return {Coding(row.px, row.qp): metric(row) for row in cell.figures}


def _codings(rows: dict[str, dict[Coding, float]]) -> tuple[Coding, ...]:
    """Every variant's, in order of appearance: the base, which comes first, has them all."""
    return tuple(dict.fromkeys(coding for row in rows.values() for coding in row))


def _head(coding: Coding) -> str:
    return f"{coding.px} px" if coding.qp is None else f"{coding.px} px QP {coding.qp}"


def _heading(cells: Sequence[AblationCell]) -> str:
    first = cells[0]
    revisions = ", ".join(sorted({cell.git_revision for cell in cells}))
    half_width = fmean((row.ccc_high - row.ccc_low) / 2 for cell in cells for row in cell.figures)
    return (
        f"Variants of `oa`, {first.config['epochs']} epochs each, seed {first.config['seed']}. "
        f"{first.faces}: trained on {first.train_faces} faces; of those held out, "
        f"{first.calibration_faces} calibrate and {first.test_faces} are scored. One CCC's 95 % "
        f"interval over faces is {half_width:.3f} to each side, on average; differences between "
        f"variants, on the same faces, are surer than that. Revision {revisions}."
    )

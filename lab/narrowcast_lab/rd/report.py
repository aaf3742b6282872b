"""What was measured as JSON, as the encoder's table, as a chart and for the terminal."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from narrowcast_encoder.rate.table import RowJson, TableJson
from narrowcast_lab.rd.measure import Kept, Measured, fidelity
from narrowcast_models.evaluation.line_chart import Axis, Line, line_chart

FILM_WEIGHT = 0.75
"""Of film against reels, where both were played: film is what cameras see, reels have labels."""

NEIGHBOURS = (0.25, 0.5, 0.25)
"""Weights of a rate and the two beside it: one run moves by .03 for no reason."""

USEFUL_SHARE = 0.02
"""A rung that is never within so much of the best one is left out of the table."""

DIGITS = 4


def shipped(
    measured: Measured, source: dict[str, Any], left_out: str | None = None, *, psnr: bool = False
) -> dict[str, Any]:
    """The encoder's table. left_out: the name of a clip of film that it must not know of. psnr:
    that of a controller which protects the picture, PSNR scaled to 0..1 in place of what is kept.
    """
    figures = _psnr(measured) if psnr else _smoothed(_kept(measured, left_out))
    best = figures.max(axis=0)
    useful = (figures >= best - USEFUL_SHARE).any(axis=1)
    rows = [
        RowJson(
            px=row.rung.px,
            qp=row.rung.qp,
            p_frame_bytes=row.p_frame_bytes,
            keyframe_bytes=row.keyframe_bytes,
            kept=[round(value, DIGITS) for value in kept.tolist()],
        )
        for (row, _), kept, is_useful in zip(measured.rows, figures, useful, strict=True)
        if is_useful
    ]
    rates = [float(bps) for bps in measured.rates_bps]
    return TableJson(**source, rates_bps=rates, rows=rows).model_dump()


def full(measured: Measured, source: dict[str, Any]) -> dict[str, Any]:
    """Everything: of each rung and rate the parts that `Kept` is made of."""
    rows = [
        {
            "px": row.rung.px,
            "qp": row.rung.qp,
            "p_frame_bytes": row.p_frame_bytes,
            "keyframe_bytes": row.keyframe_bytes,
            "lines": [_line(bps, kept) for bps, kept in zip(measured.rates_bps, all_, strict=True)],
        }
        for row, all_ in measured.rows
    ]
    return {**source, "rows": rows}


def table(measured: Measured, title: str) -> Table:
    """The best rungs of each line."""
    figures = _smoothed(_kept(measured))
    out = Table(title=title, title_justify="left", caption="kept: film and reels, smoothed")
    for column in ("line, kbit/s", "best", "kept", "film", "reels", "second", "kept"):
        out.add_column(column, justify="right")
    for index, bps in enumerate(measured.rates_bps):
        order = np.argsort(-figures[:, index])
        best, second = (int(order[min(place, len(order) - 1)]) for place in (0, 1))
        kept = measured.rows[best][1][index]
        out.add_row(
            f"{bps / 1000:g}",
            _name(measured, best),
            f"{figures[best, index]:.3f}",
            f"{_film(kept):.3f}" if kept.film else "",
            "" if kept.reels is None else f"{kept.reels:.3f}",
            _name(measured, second),
            f"{figures[second, index]:.3f}",
        )
    return out


def chart(measured: Measured, title: str) -> str:
    """What rungs keep by the line's rate, as SVG: those that are best somewhere."""
    figures = _smoothed(_kept(measured))
    kbps = [bps / 1000 for bps in measured.rates_bps]
    winners = dict.fromkeys(int(index) for index in figures.argmax(axis=0))
    lines = [
        Line(_name(measured, index), tuple(zip(kbps, figures[index].tolist(), strict=True)))
        for index in winners
    ]
    rate = Axis("wire rate, kbit/s (all headers)", logarithmic=True)
    return line_chart(title, lines, rate, Axis("valence kept"))


def rising(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest sequence that never falls: neighbours out of order become their mean."""
    means: list[float] = []
    counts: list[int] = []
    for value in values.tolist():
        means.append(value)
        counts.append(1)
        while len(means) > 1 and means[-2] > means[-1]:
            mean, count = means.pop(), counts.pop()
            means[-1] = (means[-1] * counts[-1] + mean * count) / (counts[-1] + count)
            counts[-1] += count
    return np.repeat(means, counts)


def _kept(measured: Measured, left_out: str | None = None) -> NDArray[np.float64]:
    """[rungs, rates]: of film and reels together, of one alone where the other was not played."""
    return np.array([[_share(kept, left_out) for kept in some] for _, some in measured.rows])


def _share(kept: Kept, left_out: str | None) -> float:
    if not kept.film:
        assert kept.reels is not None
        return kept.reels
    film = _film(kept, left_out)
    return film if kept.reels is None else FILM_WEIGHT * film + (1 - FILM_WEIGHT) * kept.reels


def _film(kept: Kept, left_out: str | None = None) -> float:
    return fidelity([part for name, part in kept.film.items() if name != left_out])


def _smoothed(figures: NDArray[np.float64]) -> NDArray[np.float64]:
    """By rate: more of a line never keeps less, and neighbours know of each other."""
    padded = np.pad(figures, ((0, 0), (1, 1)), mode="edge")
    mixed = sum(w * padded[:, i : i + figures.shape[1]] for i, w in enumerate(NEIGHBOURS))
    return np.array([rising(row) for row in np.asarray(mixed)])


def _psnr(measured: Measured) -> NDArray[np.float64]:
    levels = np.array([[kept.psnr_db for kept in some] for _, some in measured.rows])
    return np.asarray((levels - levels.min()) / max(float(np.ptp(levels)), 1e-9))


def _line(bps: int, kept: Kept) -> dict[str, Any]:
    return {
        "bps": bps,
        "film": {name: list(part) for name, part in kept.film.items()},
        "reels": None if kept.reels is None else round(kept.reels, DIGITS),
        "psnr_db": round(kept.psnr_db, 2),
    }


def _name(measured: Measured, index: int) -> str:
    rung = measured.rows[index][0].rung
    return f"{rung.px} px QP {rung.qp}"

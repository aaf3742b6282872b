"""CCC, CC, RMSE and AUC of a model by size and quantiser, on labelled still faces."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation import bootstrap
from narrowcast_models.evaluation.bootstrap import Intervals
from narrowcast_models.evaluation.reader import AnyReading, Reader
from narrowcast_models.recogniser import CodedChip
from narrowcast_models.training.degrade import Link
from narrowcast_shared import metrics

BATCH = 64
DIGITS = 4
STEADY_FRAMES = 4
"""Frames of a coded still: a keyframe and three P frames, after which x264 sends next to none."""


class Figures(NamedTuple):
    """Scores at one size and quantiser, and the bounds of their intervals (see `bootstrap`).

    `coverage_90` is the share of labels that lie inside the reading's 90 % interval, which a
    true sigma makes .90; it and `mean_sigma` are None where the model gives no sigma. `auc` is
    the area under the ROC curve, happiness against neutral; None where the labels name no
    emotion. Bounds are None in figures that were written before there were any.
    """

    px: int
    qp: int | None
    ccc: float
    cc: float
    rmse: float
    coverage_90: float | None
    mean_sigma: float | None
    faces: int
    auc: float | None = None
    ccc_low: float | None = None
    ccc_high: float | None = None
    cc_low: float | None = None
    cc_high: float | None = None
    rmse_low: float | None = None
    rmse_high: float | None = None


Z_90 = 1.6449  # half-width of a Gaussian's central 90 %, in standard deviations


class Predictions(NamedTuple):
    """Valence and sigma, float64 [N] each; sigma is NaN where the model gives none."""

    valence: NDArray[np.float64]
    sigma: NDArray[np.float64]


def evaluate(reader: Reader, faces: LabelledFaces, codings: Sequence[Coding]) -> list[Figures]:
    """Figures of each coding, in order. Faces are upright stills, framed as they came."""
    progress = tqdm(codings, "evaluating", unit="coding", disable=None)
    return [_figures(coding, predict(reader, faces, coding), faces) for coding in progress]


def predict(reader: Reader, faces: LabelledFaces, coding: Coding) -> Predictions:
    """Readings of every face, shrunk and (where qp is not None) coded at rest for four frames."""
    link = Link()
    frames = 1 if coding.qp is None else STEADY_FRAMES
    rows: list[tuple[float, float]] = []
    for start in range(0, len(faces), BATCH):
        images = torch.from_numpy(faces.images[start : start + BATCH]).float()
        chips = link.last_frames(images[:, None].expand(-1, frames, -1, -1), coding)
        rows += map(_row, reader.read([CodedChip(chip, coding) for chip in chips.numpy()]))
    table = np.asarray(rows, dtype=np.float64)
    return Predictions(table[:, 0], table[:, 1])


def _row(reading: AnyReading) -> tuple[float, float]:
    return reading.valence, np.nan if reading.sigma is None else reading.sigma


def _figures(coding: Coding, predicted: Predictions, faces: LabelledFaces) -> Figures:
    scores = metrics.score(predicted.valence, faces.valence)
    bounds = bootstrap.intervals(predicted.valence, faces.valence)
    inside = np.abs(predicted.valence - faces.valence) <= Z_90 * predicted.sigma
    with_sigma = not np.isnan(predicted.sigma).any()
    return Figures(
        px=coding.px,
        qp=coding.qp,
        ccc=round(scores.ccc, DIGITS),
        cc=round(scores.cc, DIGITS),
        rmse=round(scores.rmse, DIGITS),
        coverage_90=round(float(inside.mean()), DIGITS) if with_sigma else None,
        mean_sigma=round(float(predicted.sigma.mean()), DIGITS) if with_sigma else None,
        faces=len(faces),
        auc=_auc(predicted, faces),
        **_bounds(bounds),
    )


def _bounds(intervals: Intervals) -> dict[str, float]:
    """The bounds by the names that `Figures` has for them."""
    return {
        f"{score}_{side}": round(bound, DIGITS)
        for score, interval in intervals._asdict().items()
        for side, bound in interval._asdict().items()
    }


def _auc(predicted: Predictions, faces: LabelledFaces) -> float | None:
    happy, neutral = faces.showing("happiness"), faces.showing("neutral")
    if not happy.any() or not neutral.any():
        return None
    either = happy | neutral
    return round(metrics.auc(predicted.valence[either], happy[either]), DIGITS)

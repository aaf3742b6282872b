"""CCC, CC, RMSE and AUC of a model by size and quantiser, on labelled still faces."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation import bootstrap
from narrowcast_models.evaluation.bootstrap import Interval
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
    the area under the ROC curve of `LabelledFaces.contrast`; None where there is none. Scores are
    None where nobody rated the faces' valence. Bounds are also None in figures that were written
    before there were any.
    """

    px: int
    qp: int | None
    ccc: float | None
    cc: float | None
    rmse: float | None
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
    auc_low: float | None = None
    auc_high: float | None = None


Z_90 = 1.6449  # half-width of a Gaussian's central 90 %, in standard deviations


class Predictions(NamedTuple):
    """Valence and sigma, float64 [N] each; sigma is NaN where the model gives none."""

    valence: NDArray[np.float64]
    sigma: NDArray[np.float64]


def evaluate(reader: Reader, faces: LabelledFaces, codings: Sequence[Coding]) -> list[Figures]:
    """Figures of each coding, in order. Faces are upright stills, framed as they came."""
    found = predict_all(reader, faces, codings)
    return [score(coding, predicted, faces) for coding, predicted in found]


def predict_all(
    reader: Reader, faces: LabelledFaces, codings: Sequence[Coding]
) -> list[tuple[Coding, Predictions]]:
    """Readings of every face at each coding, in order, with a progress bar."""
    progress = tqdm(codings, "evaluating", unit="coding", disable=None)
    return [(coding, predict(reader, faces, coding)) for coding in progress]


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


def score(coding: Coding, predicted: Predictions, faces: LabelledFaces) -> Figures:
    """Figures of what was read of the faces at one coding."""
    rated, with_sigma = faces.has_valence, not np.isnan(predicted.sigma).any()
    inside = np.abs(predicted.valence - faces.valence) <= Z_90 * predicted.sigma
    scores: dict[str, float | None] = {"ccc": None, "cc": None, "rmse": None}
    if rated:
        found = metrics.score(predicted.valence, faces.valence)
        scores = {name: round(value, DIGITS) for name, value in found._asdict().items()}
        scores |= bounds(bootstrap.intervals(predicted.valence, faces.valence)._asdict())
    contrast = faces.contrast()
    if contrast is not None:
        positive = predicted.valence[contrast.positive]
        negative = predicted.valence[contrast.negative]
        truth = np.repeat([True, False], [len(positive), len(negative)])
        scores["auc"] = round(metrics.auc(np.concatenate([positive, negative]), truth), DIGITS)
        scores |= bounds({"auc": bootstrap.contrast_intervals(positive, negative).auc})
    return Figures(
        px=coding.px,
        qp=coding.qp,
        coverage_90=round(float(inside.mean()), DIGITS) if rated and with_sigma else None,
        mean_sigma=round(float(predicted.sigma.mean()), DIGITS) if with_sigma else None,
        faces=len(faces),
        **scores,
    )


def bounds(intervals: Mapping[str, Interval]) -> dict[str, float | None]:
    """Bounds by the names that figures have for them: `ccc_low`, `ccc_high`."""
    return {
        f"{score}_{side}": round(bound, DIGITS)
        for score, interval in intervals.items()
        for side, bound in interval._asdict().items()
    }

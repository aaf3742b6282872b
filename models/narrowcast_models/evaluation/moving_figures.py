"""The figures of one rung on moving clips, from what was read of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_models.coding import Coding
from narrowcast_models.evaluation.sizes import Z_90
from narrowcast_shared import metrics
from narrowcast_shared.operating_point import CHIP_PX

FPS = 25
FIFTHS = 5
DIGITS = 4


class Readings(NamedTuple):
    """What was read of one clip, float64 [T] each, and what its P frames took."""

    valence: NDArray[np.float64]
    sigma: NDArray[np.float64]
    p_frames: int
    p_frame_bytes: int


class LabelFigures(NamedTuple):
    """Readings against labels.

    coverage_90: share of the labels inside the reading's 90 % interval. sigma_cc: Pearson's CC of
    |error| and sigma. error_by_sigma: mean |error| over the fifth of the frames with the smallest
    sigma, the next fifth, and so on; of a true sigma it rises.
    """

    ccc: float
    coverage_90: float
    sigma_cc: float
    error_by_sigma: tuple[float, ...]


class MovingFigures(NamedTuple):
    """One rung, or the uncoded chips (qp None, no rate).

    video_kbps: of the P frames at 25 fps, the streams' keyframes left out. bits_per_pixel: the
    same bits, by pixels of the 96-px chip. ccc_kept: CCC against the uncoded readings.
    """

    px: int
    qp: int | None
    video_kbps: float | None
    bits_per_pixel: float | None
    ccc_kept: float
    frames: int
    labels: LabelFigures | None


def figures(
    coding: Coding,
    read: Sequence[Readings],
    uncoded: Sequence[Readings],
    labels: NDArray[np.float32] | None,
) -> MovingFigures:
    """Figures over the frames of all clips, one clip after the other; `labels` likewise."""
    valence = np.concatenate([clip.valence for clip in read])
    sigma = np.concatenate([clip.sigma for clip in read])
    reference = np.concatenate([clip.valence for clip in uncoded])
    bits = _bits_a_frame(read)
    return MovingFigures(
        px=coding.px,
        qp=coding.qp,
        video_kbps=None if bits is None else round(bits * FPS / 1000, 3),
        bits_per_pixel=None if bits is None else round(bits / CHIP_PX**2, 5),
        ccc_kept=round(metrics.score(valence, reference).ccc, DIGITS),
        frames=len(valence),
        labels=None if labels is None else against_labels(valence, sigma, labels),
    )


def against_labels(
    valence: NDArray[np.float64], sigma: NDArray[np.float64], labels: NDArray[np.float32]
) -> LabelFigures:
    """Readings [N] and their sigma [N] against labels [N], N >= 5."""
    error = np.abs(valence - labels)
    fifths = np.array_split(error[np.argsort(sigma, kind="stable")], FIFTHS)
    return LabelFigures(
        ccc=round(metrics.score(valence, labels).ccc, DIGITS),
        coverage_90=round(float(np.mean(error <= Z_90 * sigma)), DIGITS),
        sigma_cc=round(metrics.score(error, sigma).cc, DIGITS),
        error_by_sigma=tuple(round(float(fifth.mean()), DIGITS) for fifth in fifths),
    )


def _bits_a_frame(read: Sequence[Readings]) -> float | None:
    """Mean over all P frames; None where nothing was coded, or no clip has a second frame."""
    frames = sum(clip.p_frames for clip in read)
    return 8 * sum(clip.p_frame_bytes for clip in read) / frames if frames else None

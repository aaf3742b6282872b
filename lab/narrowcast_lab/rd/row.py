"""The figures of one rung at one frame rate."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from narrowcast_lab.rd.held import SOURCE_FPS
from narrowcast_shared import metrics
from narrowcast_shared.operating_point import CHIP_PX, Rung
from narrowcast_shared.wire.cost import data_wire_bps

BUNDLES = (1, 2, 5, 10)
"""Frames a message whose wire rate is told."""

WHITE = 255.0
DIGITS = 4


class Row(BaseModel):
    """A rung at a frame rate, over all captured frames of all clips.

    ccc, rmse: the newest reading at every captured frame against labels; ccc_kept: that CCC as
    a share of the uncoded one. fidelity: CCC of the same series with the readings of the uncoded
    chips, which has no part of the labels' noise. kept: the mean of both. psnr_db: the picture
    held against the chip, both 96 px. p_frame_bytes: mean access unit but for the streams' first,
    cuts included, and its 95th percentile. wire_bps: by frames a message, all headers counted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    px: int
    qp: int
    fps: float
    ccc: float
    ccc_kept: float
    fidelity: float
    kept: float
    rmse: float
    psnr_db: float
    p_frame_bytes: float
    p_frame_bytes_p95: float
    keyframe_bytes: float
    wire_bps: dict[int, float]

    @property
    def rung(self) -> Rung:
        return Rung(self.px, self.qp)


class Outcome(NamedTuple):
    """What became of one clip of T captured frames.

    valence: float64 [T], the newest reading at each. squared_error: over all their pixels.
    size_bytes: int64 [C] of the access units, the keyframe first.
    """

    valence: NDArray[np.float64]
    squared_error: float
    size_bytes: NDArray[np.int64]


class Reference(NamedTuple):
    """What series are held against: labels, and readings of uncoded chips, both [all T]."""

    labels: NDArray[np.float32]
    uncoded: NDArray[np.float64]

    @property
    def ccc(self) -> float:
        """Of the uncoded readings."""
        return metrics.score(self.uncoded, self.labels).ccc


def row(rung: Rung, fps: float, outcomes: Sequence[Outcome], reference: Reference) -> Row:
    """The figures over all clips' frames together, which the reference has in the same order."""
    valence = np.concatenate([outcome.valence for outcome in outcomes])
    p_frames = np.concatenate([outcome.size_bytes[1:] for outcome in outcomes])
    scores = metrics.score(valence, reference.labels)
    ccc_kept = scores.ccc / reference.ccc
    fidelity = metrics.score(valence, reference.uncoded).ccc
    mse = sum(outcome.squared_error for outcome in outcomes) / (len(valence) * CHIP_PX**2)
    p_frame_bytes = float(p_frames.mean())
    return Row(
        px=rung.px,
        qp=rung.qp,
        fps=fps,
        ccc=round(scores.ccc, DIGITS),
        ccc_kept=round(ccc_kept, DIGITS),
        fidelity=round(fidelity, DIGITS),
        kept=round((ccc_kept + fidelity) / 2, DIGITS),
        rmse=round(scores.rmse, DIGITS),
        psnr_db=round(psnr_db(mse), 2),
        p_frame_bytes=round(p_frame_bytes, 2),
        p_frame_bytes_p95=round(float(np.percentile(p_frames, 95)), 1),
        keyframe_bytes=round(float(np.mean([o.size_bytes[0] for o in outcomes])), 1),
        wire_bps={k: round(wire_bps(fps, k, p_frame_bytes), 1) for k in BUNDLES},
    )


def psnr_db(mse: float) -> float:
    """Of 8-bit pictures; 100 where they are the same, for JSON knows no infinity."""
    return min(100.0, 10 * math.log10(WHITE**2 / mse)) if mse > 0 else 100.0


def wire_bps(fps: float, frames_per_message: int, p_frame_bytes: float) -> float:
    """Bit/s on the line of P frames of this size, from a source of 25 fps, all headers counted."""
    return data_wire_bps(fps, frames_per_message, p_frame_bytes, run=fps < SOURCE_FPS)

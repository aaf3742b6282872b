"""The figures of one rung at one frame rate."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from narrowcast_encoder.control.ladder import Step, expected_wire_bps
from narrowcast_lab.rd.held import SOURCE_FPS
from narrowcast_shared import metrics
from narrowcast_shared.operating_point import CHIP_PX, OperatingPoint, Rung

BUNDLES = (1, 2, 5, 10)
"""Frames a message whose wire rate is told."""

SKIPPED_BYTES = 1.0
"""The entry of the frames that were left out before a coded one."""

WHITE = 255.0
DIGITS = 4


class Row(BaseModel):
    """A rung at a frame rate, over all captured frames of all clips.

    ccc, rmse: the newest reading at every captured frame against labels; ccc_kept: that CCC as
    a share of the uncoded one. psnr_db: the picture held against the chip, both 96 px.
    p_frame_bytes: mean access unit but for the streams' first, cuts included, and its 95th
    percentile. wire_bps: by frames a message, all headers counted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    px: int
    qp: int
    fps: float
    ccc: float
    ccc_kept: float
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


def row(
    rung: Rung,
    fps: float,
    outcomes: Sequence[Outcome],
    labels: NDArray[np.float32],
    ccc_uncoded: float,
) -> Row:
    """The figures over all clips' frames together; `labels` [all T] in the clips' order."""
    valence = np.concatenate([outcome.valence for outcome in outcomes])
    p_frames = np.concatenate([outcome.size_bytes[1:] for outcome in outcomes])
    scores = metrics.score(valence, labels)
    mse = sum(outcome.squared_error for outcome in outcomes) / (len(valence) * CHIP_PX**2)
    p_frame_bytes = float(p_frames.mean())
    return Row(
        px=rung.px,
        qp=rung.qp,
        fps=fps,
        ccc=round(scores.ccc, DIGITS),
        ccc_kept=round(scores.ccc / ccc_uncoded, DIGITS),
        rmse=round(scores.rmse, DIGITS),
        psnr_db=round(psnr_db(mse), 2),
        p_frame_bytes=round(p_frame_bytes, 2),
        p_frame_bytes_p95=round(float(np.percentile(p_frames, 95)), 1),
        keyframe_bytes=round(float(np.mean([o.size_bytes[0] for o in outcomes])), 1),
        wire_bps={k: round(wire_bps(rung, fps, k, p_frame_bytes), 1) for k in BUNDLES},
    )


def psnr_db(mse: float) -> float:
    """Of 8-bit pictures; 100 where they are the same, for JSON knows no infinity."""
    return min(100.0, 10 * math.log10(WHITE**2 / mse)) if mse > 0 else 100.0


def wire_bps(rung: Rung, fps: float, frames_per_message: int, p_frame_bytes: float) -> float:
    """Bit/s on the line of P frames of this size, from a source of 25 fps, all headers counted."""
    skipped_bytes = SKIPPED_BYTES if fps < SOURCE_FPS else 0.0
    point = OperatingPoint(rung, fps, frames_per_message)
    return expected_wire_bps(Step(point, p_frame_bytes + skipped_bytes), SOURCE_FPS, 1.0)

"""The face as today's services send it: one JPEG a WebSocket message. What it needs of a line.

No line is simulated: the rate is what the messages take, and nothing is ever late.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from narrowcast_encoder.rate.frame_selection import FrameThinner
from narrowcast_lab.link_bench.footage import US_PER_FRAME, Chip, Footage
from narrowcast_lab.link_bench.hold import hold
from narrowcast_lab.link_bench.valence import Reference, read
from narrowcast_models.coding import Coding
from narrowcast_models.evaluation.moving_figures import FPS
from narrowcast_models.recogniser import CodedChip, Recogniser
from narrowcast_shared.resample import resample
from narrowcast_shared.wire.cost import OPENING_BYTES, wire_bytes

SIDES_PX = (96, 48, 32)
QUALITIES = (10, 30, 50, 75)
FRAME_RATES = (25.0, 12.5, 5.0, 2.0)

OWN_HEAD_BYTES = 16
"""Session, frame number and time, as any such service has to send them."""


class JpegPoint(NamedTuple):
    """Chips of this side, quality and frame rate: their wire rate, headers counted, and CCC."""

    px: int
    quality: int
    fps: float
    wire_bps: int
    ccc: float
    ccc_kept: float


class JpegRatio(NamedTuple):
    """Least wire rate of JPEG at which as much CCC is kept, over ours; None where none keeps it.

    full_rate: of the points at full frame rate, as video is sent. any_rate: of all.
    """

    full_rate: float | None
    any_rate: float | None


def curve(recogniser: Recogniser, footage: Footage, reference: Reference) -> list[JpegPoint]:
    """Every side, quality and frame rate, read by the same model with the same hold."""
    points = []
    cells = [(px, quality) for px in SIDES_PX for quality in QUALITIES]
    for px, quality in tqdm(cells, "JPEG", unit="setting", disable=None, leave=False):
        sizes, chips = _coded(footage, px, quality)
        valence = read(recogniser, chips, f"JPEG {px} px, quality {quality}")
        for fps in FRAME_RATES:
            wire_bps, held = _thinned(footage, fps, sizes, valence)
            found = reference.compare(held)
            points.append(JpegPoint(px, quality, fps, wire_bps, found.ccc, found.ccc_kept))
    return points


def ratio(points: Sequence[JpegPoint], ccc_kept: float, wire_bps: float) -> JpegRatio:
    """How many times `wire_bps` JPEG needs to keep at least `ccc_kept`. Nothing is interpolated."""
    full = [point for point in points if point.fps == FPS]
    return JpegRatio(*(_ratio(some, ccc_kept, wire_bps) for some in (full, points)))


def _ratio(points: Sequence[JpegPoint], ccc_kept: float, wire_bps: float) -> float | None:
    enough = [point.wire_bps for point in points if point.ccc_kept >= ccc_kept]
    return round(min(enough) / wire_bps, 2) if enough else None


def _coded(footage: Footage, px: int, quality: int) -> tuple[list[int], list[CodedChip]]:
    """Sizes of the JPEGs in bytes and what is decoded of them, of every frame with a face."""
    sizes, chips = [], []
    for _, chip in footage.faces():
        data = encode(resample(chip, px), quality)
        sizes.append(len(data))
        decoded = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
        assert decoded is not None
        chips.append(CodedChip(decoded.astype(np.uint8, copy=False), Coding(px, None)))
    return sizes, chips


def encode(chip: Chip, quality: int) -> NDArray[np.uint8]:
    """A gray chip as a JPEG file, uint8 [bytes], as OpenCV writes it by default."""
    done, data = cv2.imencode(".jpg", chip, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return data.astype(np.uint8, copy=False)


def _thinned(
    footage: Footage, fps: float, sizes: Sequence[int], valence: NDArray[np.float64]
) -> tuple[int, NDArray[np.float64]]:
    """Wire rate, bit/s, and held series [T] of the frames that are sent at `fps`."""
    thinner = FrameThinner()
    frames = [index for index, _ in footage.faces()]
    sent = [row for row, frame in enumerate(frames) if thinner.due(frame * US_PER_FRAME, fps)]
    total = OPENING_BYTES + sum(wire_bytes(OWN_HEAD_BYTES + sizes[row]) for row in sent)
    held = hold([frames[row] for row in sent], valence[sent], len(footage.chips))
    return round(8e6 * total / footage.duration_us), held

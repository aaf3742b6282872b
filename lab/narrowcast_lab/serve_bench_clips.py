"""Pre-encoded clips for a load: drawn faces that move as reels do, coded once, played in a loop.

What a chip shows costs a decoder nothing more or less, so no data set is needed.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.reels import ReelConfig, make_many
from narrowcast_shared.codec import AccessUnit, ChipEncoder
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.resample import resample

FACES = 12
SIDE_PX = 48

Clip = tuple[AccessUnit, ...]
"""Access units of one stream; the first is a keyframe, so that the clip can be played again."""


def make(rung: Rung, fps: float, count: int, frames: int, seed: int = 1) -> list[Clip]:
    """`count` clips of so many frames, the faces moving as they do at `fps`."""
    config = ReelConfig(fps=max(1, round(fps)))
    generator = torch.Generator().manual_seed(seed)
    reels = make_many(_drawn_faces(), count, frames, config, generator)
    return [_coded(reel.chips, rung) for reel in reels]


def mean_bytes(clips: list[Clip]) -> float:
    """Bytes of an access unit, keyframes included."""
    sizes = [unit.size_bytes for clip in clips for unit in clip]
    return sum(sizes) / len(sizes)


def _coded(chips: NDArray[np.uint8], rung: Rung) -> Clip:
    encoder = ChipEncoder(rung)
    return tuple(encoder.encode(resample(chip, rung.px)) for chip in chips)


def _drawn_faces() -> LabelledFaces:
    """Ovals with eyes and a mouth, whose corners rise with valence."""
    valence = np.linspace(-0.8, 0.8, FACES, dtype=np.float32)
    images = np.stack([_drawn_face(float(v)) for v in valence])
    return LabelledFaces("drawn faces", images, valence)


def _drawn_face(valence: float) -> NDArray[np.uint8]:
    """uint8 [48, 48]; coordinates run from -1 to 1, y downwards."""
    y, x = np.mgrid[-1 : 1 : 1j * SIDE_PX, -1 : 1 : 1j * SIDE_PX]
    gray = 60 + 120 / (1 + np.exp(12 * (np.hypot(x / 0.8, y) - 0.9))) + 25 * x
    eyes = np.hypot((np.abs(x) - 0.35) / 0.16, (y + 0.25) / 0.09)
    mouth = np.hypot(x / 0.4, (y - 0.5 + valence * x**2) / 0.06)
    for feature in (eyes, mouth):
        gray -= 90 * np.exp(-(feature**2))
    return np.asarray(np.clip(gray, 0, 255), dtype=np.uint8)

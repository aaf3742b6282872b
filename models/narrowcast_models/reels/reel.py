"""The makers of reels: one, or many at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from narrowcast_models import canvas
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.reels import borrowed, motion, render
from narrowcast_models.reels import script as script_
from narrowcast_models.reels.config import ReelConfig
from narrowcast_models.reels.script import Script
from narrowcast_shared.operating_point import CHIP_PX


class Reel(NamedTuple):
    """A moving clip of T frames, labelled frame by frame.

    chips: uint8 [T, side, side]. valence: float32 [T], mixed in a dissolve as the pixels are.
    shares: float32 [T, 8], mixed likewise; None where the faces have none. starts: int64 [S],
    the first frame of each segment, 0 being the first.
    """

    chips: NDArray[np.uint8]
    valence: NDArray[np.float32]
    shares: NDArray[np.float32] | None
    starts: NDArray[np.int64]


def make(faces: LabelledFaces, frames: int, config: ReelConfig, generator: torch.Generator) -> Reel:
    """One reel of so many frames; every draw comes from the generator."""
    return make_many(faces, 1, frames, config, generator)[0]


def make_many(
    faces: LabelledFaces,
    count: int,
    frames: int,
    config: ReelConfig,
    generator: torch.Generator,
    film: Sequence[NDArray[np.uint8]] = (),
) -> list[Reel]:
    """`count` reels of equal length, over which the faces are dealt out.

    film: chips uint8 [T, 96, 96] of clips that the faces borrow what they do from (`borrowed`);
    the reels' chips are then of 96 px, too. Without them the stills only sway.

    Raises ValueError where there is no face, no frame or no reel, and where no clip has two
    frames.
    """
    if not len(faces) or frames < 1 or count < 1:
        raise ValueError(f"no reel can be made: {len(faces)} faces, {count} reels, {frames} frames")
    script = script_.write(len(faces), count, frames, config, generator)
    moved_s = motion.time_moved_s(count, frames, config, generator)
    stills = torch.from_numpy(faces.images[script.face.numpy()])
    if film:
        stills = canvas.resize(stills.float(), CHIP_PX).round().clamp(0, 255)
    shown = render.scene(stills, config, generator)
    if film:
        change = borrowed.borrow(film, script, config, generator)
        shown = shown._replace(change=change)
    chips = render.render(shown, script, moved_s, config, generator).numpy()
    valence = _labels(torch.from_numpy(faces.valence)[:, None], script)[:, :, 0]
    shares = None if faces.shares is None else _labels(torch.from_numpy(faces.shares), script)
    return [
        Reel(
            chips[reel],
            valence[reel],
            None if shares is None else shares[reel],
            script.start[script.reel == reel].numpy(),
        )
        for reel in range(count)
    ]


def _labels(of_faces: Tensor, script: Script) -> NDArray[np.float32]:
    """Labels [faces, C] of every frame, [R, T, C]: mixed as the pictures are."""
    newest = of_faces[script.face[script.segment]]
    # Where nothing is mixed the weight is 1, and what lies before does not matter.
    before = of_faces[script.face[(script.segment - 1).clamp_min(0)]]
    mixed: NDArray[np.float32] = torch.lerp(before, newest, script.weight[:, :, None]).numpy()
    return mixed

"""Faces held out of training, set in motion as a stream shows them, to calibrate on."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from narrowcast_models import reels
from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation.sizes import Predictions
from narrowcast_models.recogniser import CodedChip, Recogniser
from narrowcast_models.reels import ReelConfig
from narrowcast_models.training.degrade import Link

FRAMES = 24
READ_FRAMES = (7, 15, 23)
"""Of each clip, from the keyframe on: far enough apart to differ, late enough to be steady."""

BATCH = 64
_ONE_FACE = ReelConfig(segment_s=(FRAMES / ReelConfig().fps + 1,) * 2)


class HeldOut(NamedTuple):
    """A moving clip of each of N faces, uint8 [N, F, n, n], and their valence float32 [N]."""

    clips: NDArray[np.uint8]
    valence: NDArray[np.float32]

    @property
    def labels(self) -> NDArray[np.float32]:
        """What `read` is to be held against: [N * 3]."""
        return self.valence.repeat(len(READ_FRAMES))


def moving(faces: LabelledFaces, generator: torch.Generator) -> HeldOut:
    """One clip a face."""
    made = reels.make_many(faces, len(faces), FRAMES, _ONE_FACE, generator)
    clips = np.stack([reel.chips for reel in made])
    return HeldOut(clips, np.array([reel.valence[0] for reel in made], np.float32))


def read(recogniser: Recogniser, held_out: HeldOut, coding: Coding) -> Predictions:
    """Readings of three frames of every clip, gone through the link."""
    link = Link()
    rows: list[tuple[float, float]] = []
    for start in range(0, len(held_out.clips), BATCH):
        clips = torch.from_numpy(held_out.clips[start : start + BATCH])
        if coding.qp is None:  # what is not read need not be shrunk
            chips = link.all_frames(clips[:, list(READ_FRAMES)].float(), coding)
        else:
            chips = link.all_frames(clips.float(), coding)[:, list(READ_FRAMES)]
        batch = [CodedChip(chip, coding) for chip in chips.flatten(0, 1).numpy()]
        rows += [(reading.valence, reading.sigma) for reading in recogniser.read(batch)]
    table = np.asarray(rows, dtype=np.float64)
    return Predictions(table[:, 0], table[:, 1])

"""LFW faces: 96x96 gray, people disjoint between training and validation (Huang et al. 2007).

The labels are weak: one annotator's category for a face, 94 % of them neutral or happy, and its
valence that of the category. They tell whether an order is kept on faces of another origin than
FER+'s, not how large an error is.
"""

from typing import NamedTuple

import numpy as np

from narrowcast_models.data import archive
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.data.location import data_file
from narrowcast_models.emotions import EMOTIONS
from narrowcast_shared.errors import DataError

NAME = "LFW (weak labels: one annotator)"
FILE = "faces/lfw96.npz"
SIDE_PX = 96
TRAIN_SPLIT = 0
_COLUMNS = ("images", "person_id", "split", "label", "label_names", "valence")


class LfwSplits(NamedTuple):
    """Nobody's face is in both."""

    train: LabelledFaces
    validation: LabelledFaces


def load() -> LfwSplits:
    """The chips of LFW. Raises DataError where the file is missing, damaged or other than that."""
    path = data_file(FILE)
    table = archive.read(path, _COLUMNS)
    if tuple(table["label_names"].tolist()) != EMOTIONS:
        raise DataError(f"{path} names other emotions, or in another order", ", ".join(EMOTIONS))
    if table["images"].shape[1:] != (SIDE_PX, SIDE_PX):
        raise DataError(f"{path}: images are {list(table['images'].shape)}", "[N, 96, 96] wanted")
    train = table["split"] == TRAIN_SPLIT
    if np.intersect1d(table["person_id"][train], table["person_id"][~train]).size:
        raise DataError(f"{path} has a person in training and in validation")
    faces = LabelledFaces(
        NAME,
        table["images"],
        table["valence"].astype(np.float32),
        emotion=table["label"],
        rows=np.arange(len(train), dtype=np.int64),
    )
    return LfwSplits(faces.select(train), faces.select(~train))

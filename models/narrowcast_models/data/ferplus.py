"""FER+ faces: 48x48 gray, ten votes each (Barsoum et al. 2016; pixels of FER2013)."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from narrowcast_models.data import archive
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.data.location import data_file
from narrowcast_models.emotions import EMOTIONS
from narrowcast_shared.errors import DataError

SIDE_PX = 48
MOSAIC_COLUMNS = 320
TRAIN_USAGE = 0
_COLUMNS = ("usage", "valence", "votes", "keep", "dup_group", "eval_clean")

DEV_EVERY = 20
"""Every twentieth group of near-duplicates of the training faces is held out as `dev`."""


class FerPlusSplits(NamedTuple):
    """train: what the weights see. dev: chooses and calibrates. eval_clean: reported, only."""

    train: LabelledFaces
    dev: LabelledFaces
    eval_clean: LabelledFaces


def load() -> FerPlusSplits:
    """The kept faces of FER+. Raises DataError where the files are missing or damaged."""
    table = archive.read(data_file("faces/ferplus48.npz"), _COLUMNS)
    count = len(table["usage"])
    faces = LabelledFaces(
        "FER+",
        _images(count),
        table["valence"],
        _shares(table["votes"]),
        rows=np.arange(count, dtype=np.int64),
    )
    kept = table["keep"] & (table["usage"] == TRAIN_USAGE)
    held_out = table["dup_group"] % DEV_EVERY == 0
    return FerPlusSplits(
        train=faces.select(kept & ~held_out),
        dev=faces.select(kept & held_out),
        eval_clean=faces.select(table["eval_clean"]),
    )


def _images(count: int) -> NDArray[np.uint8]:
    path = data_file("faces/ferplus48.webp")
    mosaic = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mosaic is None:
        raise DataError(f"{path} is no image that OpenCV can read")
    height, width = mosaic.shape
    rows_of_faces = -(-count // MOSAIC_COLUMNS)
    if width != MOSAIC_COLUMNS * SIDE_PX or height % SIDE_PX or height < rows_of_faces * SIDE_PX:
        raise DataError(f"{path} is {width}x{height} px, no mosaic of {count} faces")
    rows = mosaic.reshape(-1, SIDE_PX, MOSAIC_COLUMNS, SIDE_PX).swapaxes(1, 2)
    return np.asarray(rows.reshape(-1, SIDE_PX, SIDE_PX)[:count], dtype=np.uint8)


def _shares(votes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Shares of the eight emotions; unknown and not-a-face, the last two columns, left out."""
    counts = votes[:, : len(EMOTIONS)].astype(np.float32)
    total = counts.sum(axis=1, keepdims=True).clip(min=1)
    return np.asarray(counts / total, dtype=np.float32)

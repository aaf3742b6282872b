"""The challenge's frames as labelled faces, to train on and to report on as stills."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from narrowcast_models.data.avec.layout import DEV, TRAIN, RecordingFiles, find
from narrowcast_models.data.avec.recording import Recording
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_shared.errors import DataError


class AvecSplits(NamedTuple):
    """Nine recordings of nine people each; the test recordings have no labels."""

    train: LabelledFaces
    dev: LabelledFaces


def load(
    root: Path, boxes: Path | None = None, *, delay_s: float = 0.0, every: int = 1
) -> AvecSplits:
    """Chips of 96 px with their gold standard, every n-th of the frames that can be used.

    delay_s: how long the raters take to react: a frame gets the rating given so much later.
    All frames of a partition are some 67,000 chips, 620 MB. Raises DataError.
    """
    files = find(root, boxes)
    partitions = [
        _faces(f"AVEC 2016 {name}", (f for f in files if f.partition == name), delay_s, every)
        for name in (TRAIN, DEV)
    ]
    return AvecSplits(*partitions)


def _faces(name: str, files: Iterable[RecordingFiles], delay_s: float, every: int) -> LabelledFaces:
    images, labels = [], []
    for recording in map(Recording, files):
        chips = list(islice(recording.chips(), None, None, every))
        images += [chip.pixels for chip in chips]
        times_s = np.array([chip.time_s for chip in chips])
        labels.append(recording.gold.at(times_s, delay_s))
    if not images:
        raise DataError(f"{name}: not one frame can be used", "look at the bounding boxes")
    return LabelledFaces(name, np.stack(images), np.concatenate(labels).astype(np.float32))

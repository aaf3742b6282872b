"""Labelled faces by what the user calls them."""

from pathlib import Path

from narrowcast_models.data import ferplus, folder, lfw, npz
from narrowcast_models.data.faces import LabelledFaces

FERPLUS = "ferplus"
LFW = "lfw"


def load(faces: str) -> LabelledFaces:
    """The faces to report on: FER+ `eval_clean`, LFW validation, a CSV or its folder, an npz.

    Raises DataError where they are missing or laid out otherwise.
    """
    if faces == FERPLUS:
        return ferplus.load().eval_clean
    if faces == LFW:
        return lfw.load().validation
    path = Path(faces)
    return folder.load(path) if path.is_dir() or path.suffix == ".csv" else npz.load(path)

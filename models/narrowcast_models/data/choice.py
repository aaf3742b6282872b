"""Labelled faces by what the user calls them."""

from pathlib import Path

from narrowcast_models.data import ferplus, folder, lfw, npz
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.data.location import data_file
from narrowcast_shared.errors import DataError

FERPLUS = "ferplus"
LFW = "lfw"
LONDON = "london"


def load(faces: str) -> LabelledFaces:
    """Rated faces to report on: FER+ `eval_clean`, LFW validation, a CSV or its folder, an npz.

    Raises DataError where they are missing or laid out otherwise.
    """
    if faces == FERPLUS:
        return ferplus.load().eval_clean
    if faces == LFW:
        return lfw.load().validation
    path = Path(faces)
    return folder.load(path) if _is_folder(path) else npz.load(path)


def load_to_evaluate(faces: str, group: str | None = None) -> LabelledFaces:
    """As `load`, and also faces that are only known to look positive or not: the London set, or an
    npz with `positive`. group: a column of theirs that becomes `LabelledFaces.group`.

    The London set is for measuring only: it is never trained on.
    """
    if faces == LONDON:
        return npz.load(data_file("faces/london96.npz"), group, positive="smiling")
    if faces in (FERPLUS, LFW):
        if group is not None:
            raise DataError(f"{faces} has no column {group!r}", "--groups is for your own faces")
        return load(faces)
    path = Path(faces)
    if _is_folder(path):
        return folder.load(path, group)
    return npz.load(path, group, positive="positive")


def _is_folder(path: Path) -> bool:
    return path.is_dir() or path.suffix == ".csv"

"""Anybody's labelled faces: an npz file with `images` and `valence`."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrowcast_models.data import archive
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_shared.errors import DataError

MASKS = ("keep", "eval_clean")
_LAYOUT = "it needs images uint8 [N, side, side] and valence float [N]"


def load(path: Path) -> LabelledFaces:
    """The faces of an npz file, those that `keep` and `eval_clean`, where present, let through.

    Raises DataError where the file is missing, damaged or laid out otherwise.
    """
    table = archive.read(path, ("images", "valence"), MASKS, _LAYOUT)
    images, valence = table["images"], table["valence"]
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1] != images.shape[2]:
        raise DataError(f"{path}: images are {images.dtype} {list(images.shape)}", _LAYOUT)
    if valence.dtype.kind != "f" or valence.shape != images.shape[:1]:
        raise DataError(f"{path}: valence is {valence.dtype} {list(valence.shape)}", _LAYOUT)
    chosen = _chosen(table, len(images), path)
    faces = LabelledFaces(path.stem, images[chosen], valence[chosen].astype(np.float32))
    if len(faces) == 0 or faces.images.shape[1] == 0:
        raise DataError(f"{path} holds no face", "look at its masks, if it has any")
    if not np.isfinite(faces.valence).all():
        raise DataError(f"{path}: a valence is not finite", "leave that face out with `keep`")
    return faces


def _chosen(table: dict[str, NDArray[Any]], count: int, path: Path) -> NDArray[np.bool_]:
    chosen = np.ones(count, dtype=bool)
    for name in MASKS:
        mask = table.get(name)
        if mask is None:
            continue
        if mask.dtype != np.bool_ or mask.shape != (count,):
            raise DataError(f"{path}: {name} is {mask.dtype} {list(mask.shape)}", "bool [N] wanted")
        chosen &= mask
    return chosen

"""Anybody's labelled faces: an npz file with `images` and `valence`."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrowcast_models.data.faces import LabelledFaces
from narrowcast_shared.errors import DataError

MASKS = ("keep", "eval_clean")
_LAYOUT = "it needs images uint8 [N, side, side] and valence float [N]"


def load(path: Path) -> LabelledFaces:
    """The faces of an npz file, those that `keep` and `eval_clean`, where present, let through.

    Raises DataError where the file is missing, damaged or laid out otherwise.
    """
    table = _read(path)
    images, valence = _array(table, "images", path), _array(table, "valence", path)
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


def _read(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = {"images", "valence", *MASKS} & set(archive.files)
            return {name: archive[name] for name in names}
    except FileNotFoundError:
        raise DataError(f"{path} is not there") from None
    except (OSError, EOFError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        # Type and attribute errors: a bare array, not an archive of them.
        raise DataError(f"{path} is no npz file, or a damaged one", _LAYOUT) from error


def _array(table: dict[str, NDArray[Any]], name: str, path: Path) -> NDArray[Any]:
    if name not in table:
        raise DataError(f"{path} has no array {name!r}", _LAYOUT)
    return table[name]


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

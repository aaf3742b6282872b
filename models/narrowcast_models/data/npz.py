"""Anybody's labelled faces: an npz file with `images`, and `valence` or `positive` or both."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrowcast_models.data import archive
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_shared.errors import DataError

MASKS = ("keep", "eval_clean")
_LAYOUT = "it needs images uint8 [N, side, side] and valence float [N]"
_EITHER = f"{_LAYOUT}, or positive bool [N], or both"


def load(path: Path, group: str | None = None, *, positive: str | None = None) -> LabelledFaces:
    """The faces of an npz file, those that `keep` and `eval_clean`, where present, let through.

    group: an array [N] that becomes `LabelledFaces.group`. positive: the array that says which
    faces look positive, bool or 0 and 1; where the file has it, `valence` may be missing.
    Raises DataError where the file is missing, damaged or laid out otherwise.
    """
    layout = _EITHER if positive else _LAYOUT
    names = {name for name in (group, positive) if name}
    table = archive.read(path, ("images",), {"valence", *MASKS, *names}, layout)
    images = table["images"]
    if "valence" not in table and positive not in table:
        raise DataError(f"{path} has no array 'valence'", layout)
    valence = table.get("valence", np.full(images.shape[:1], np.nan, np.float32))
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1] != images.shape[2]:
        raise DataError(f"{path}: images are {images.dtype} {list(images.shape)}", _LAYOUT)
    if valence.dtype.kind != "f" or valence.shape != images.shape[:1]:
        raise DataError(f"{path}: valence is {valence.dtype} {list(valence.shape)}", _LAYOUT)
    chosen = _chosen(table, len(images), path)
    faces = LabelledFaces(
        path.stem,
        images,
        valence.astype(np.float32),
        positive=_positive(table, positive, path),
        group=_group(table, group, len(images), path),
    ).select(chosen)
    if len(faces) == 0 or faces.images.shape[1] == 0:
        raise DataError(f"{path} holds no face", "look at its masks, if it has any")
    if "valence" in table and not faces.has_valence:
        raise DataError(f"{path}: a valence is not finite", "leave that face out with `keep`")
    return faces


def _positive(
    table: dict[str, NDArray[Any]], name: str | None, path: Path
) -> NDArray[np.bool_] | None:
    if name not in table:
        return None
    values = table[name]
    if values.shape != table["images"].shape[:1] or values.dtype.kind not in "biu":
        raise DataError(f"{path}: {name} is {values.dtype} {list(values.shape)}", "bool [N] wanted")
    if not np.isin(values, (0, 1)).all():
        raise DataError(f"{path}: {name} holds more than 0 and 1", "bool [N] wanted")
    return values.astype(bool)


def _group(
    table: dict[str, NDArray[Any]], name: str | None, count: int, path: Path
) -> NDArray[Any] | None:
    if name is None:
        return None
    if name not in table:
        raise DataError(f"{path} has no array {name!r}", "name one that says each face's group")
    values = table[name]
    if values.shape != (count,) or values.dtype.kind not in "Ubiuf":
        raise DataError(
            f"{path}: {name} is {values.dtype} {list(values.shape)}", "text or numbers [N] wanted"
        )
    return values


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

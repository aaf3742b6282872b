"""What public recognisers say of the faces of FER+ and LFW, to learn from.

The file holds the outputs of two networks that anybody can install (npm, MIT licence): human
3.3.6 (`emotion`) and face-api 1.7.15 (`expression`). Both know seven of FER+'s eight emotions;
contempt is missing and gets a share of 0. Rows are in the order of the files of `ferplus` and
`lfw`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_models.data import archive
from narrowcast_models.data.location import data_file
from narrowcast_models.emotions import EMOTIONS
from narrowcast_shared.errors import DataError

FILE = "faces/teachers.npz"

_WORDS = {
    "neutral": "neutral",
    "happy": "happiness",
    "surprise": "surprise",
    "surprised": "surprise",
    "sad": "sadness",
    "angry": "anger",
    "disgust": "disgust",
    "disgusted": "disgust",
    "fear": "fear",
    "fearful": "fear",
}
"""Their words for the emotions, as FER+ has them."""


class PublicTeachers(NamedTuple):
    """Shares float32 [N, 8] by recogniser (`human`, `faceapi`), of every face of a file."""

    ferplus: dict[str, NDArray[np.float32]]
    lfw: dict[str, NDArray[np.float32]]


def load() -> PublicTeachers:
    """Raises DataError where the file is missing, damaged, laid out otherwise or names an unknown
    emotion.
    """
    path = data_file(FILE)
    names = [f"{recogniser}_names" for recogniser in ("human", "faceapi")]
    outputs = [f"{faces}_{by}" for faces in PublicTeachers._fields for by in ("human", "faceapi")]
    table = archive.read(path, [*names, *outputs])
    return PublicTeachers(
        *(
            {
                by: to_shares(table[f"{faces}_{by}"], table[f"{by}_names"].tolist())
                for by in ("human", "faceapi")
            }
            for faces in PublicTeachers._fields
        )
    )


def to_shares(outputs: NDArray[np.floating[Any]], names: Sequence[str]) -> NDArray[np.float32]:
    """[N, 8] in the order of `EMOTIONS`, rows summing to 1, of a network's [N, 7].

    names: its words, each of `_WORDS`. Raises DataError where they are not.
    """
    unknown = set(names) - _WORDS.keys()
    if unknown:
        raise DataError(f"{FILE} has the unknown emotion {min(unknown)!r}", ", ".join(_WORDS))
    if outputs.ndim != 2 or outputs.shape[1] != len(names):
        raise DataError(f"{FILE} has outputs {list(outputs.shape)}", f"[N, {len(names)}] wanted")
    out = np.zeros((len(outputs), len(EMOTIONS)), np.float32)
    out[:, [EMOTIONS.index(_WORDS[name]) for name in names]] = outputs
    return np.asarray(out / out.sum(axis=1, keepdims=True).clip(1e-6), dtype=np.float32)

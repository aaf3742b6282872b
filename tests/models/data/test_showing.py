"""Which faces are labelled with an emotion, and the area under the curve made of them."""

from collections.abc import Sequence

import numpy as np
import pytest

from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.emotions import EMOTIONS
from narrowcast_models.evaluation.sizes import evaluate
from narrowcast_models.recogniser import CodedChip, Reading, Recogniser

IMAGES = np.zeros((5, 8, 8), np.uint8)
VALENCE = np.zeros(5, np.float32)
LABELS = np.array([1, 0, 1, 3, 0], np.uint8)


class _Fixed(Recogniser):
    def __init__(self, *valences: float) -> None:
        self._valences = valences

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        assert len(chips) == len(self._valences)
        return [Reading(valence, 1.0) for valence in self._valences]


def _votes() -> np.ndarray:
    return np.eye(len(EMOTIONS), dtype=np.float32)[LABELS]


@pytest.mark.parametrize(
    "faces",
    [
        LabelledFaces("annotated", IMAGES, VALENCE, emotion=LABELS),
        LabelledFaces("voted", IMAGES, VALENCE, shares=_votes()),
    ],
    ids=lambda faces: faces.name,
)
def test_happiness_against_neutral(faces: LabelledFaces) -> None:
    """Of the four pairs three are in order; the sad face counts for nothing."""
    assert faces.showing("happiness").tolist() == [True, False, True, False, False]
    (row,) = evaluate(_Fixed(0.9, 0.1, 0.3, 5.0, 0.5), faces, [Coding(8, None)])
    assert row.auc == pytest.approx(0.75)
    assert faces.select(np.array([1, 3])).showing("sadness").tolist() == [False, True]


def test_an_annotator_goes_before_votes() -> None:
    faces = LabelledFaces("both", IMAGES, VALENCE, _votes(), np.zeros(5, np.uint8))
    assert faces.showing("neutral").all()


def test_where_no_emotion_is_named_there_is_no_area() -> None:
    for faces in (
        LabelledFaces("bare", IMAGES, VALENCE),
        LabelledFaces("happy", IMAGES, VALENCE, emotion=np.ones(5, np.uint8)),
    ):
        (row,) = evaluate(_Fixed(0, 1, 2, 3, 4), faces, [Coding(8, None)])
        assert row.auc is None

"""Figures with their intervals, of models with and without a sigma."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation import bootstrap
from narrowcast_models.evaluation.sizes import Figures, evaluate, predict
from narrowcast_models.paper.reader import PaperReading
from narrowcast_models.recogniser import CodedChip

MakeFaces = Callable[..., LabelledFaces]


class _Gradient:
    """Reads what the random faces show of their valence, and knows nothing of its error."""

    def read(self, chips: Sequence[CodedChip]) -> list[PaperReading]:
        return [PaperReading(_foot_over_head(chip.pixels)) for chip in chips]


def _foot_over_head(chip: np.ndarray) -> float:
    half = len(chip) // 2
    return float(chip[half:].mean() - chip[:half].mean()) / 140


def test_without_a_sigma(make_faces: MakeFaces) -> None:
    (row,) = evaluate(_Gradient(), make_faces(70), [Coding(16, 30)])
    assert row.coverage_90 is None
    assert row.mean_sigma is None
    assert row.cc > 0.9
    assert np.isnan(predict(_Gradient(), make_faces(3), Coding(16, None)).sigma).all()


def test_bounds_are_those_of_the_bootstrap(make_faces: MakeFaces) -> None:
    faces, coding = make_faces(70), Coding(12, None)
    (row,) = evaluate(_Gradient(), faces, [coding])
    found = bootstrap.intervals(predict(_Gradient(), faces, coding).valence, faces.valence)
    for low, high, interval in (
        (row.ccc_low, row.ccc_high, found.ccc),
        (row.cc_low, row.cc_high, found.cc),
        (row.rmse_low, row.rmse_high, found.rmse),
    ):
        assert (low, high) == tuple(round(bound, 4) for bound in interval)
    assert row.ccc_low is not None
    assert row.ccc_high is not None
    assert row.ccc_low < row.ccc < row.ccc_high


def test_a_row_of_an_old_card() -> None:
    """Such as `oa` was first shipped with: no area, no bounds."""
    old = {
        "px": 96, "qp": None, "ccc": 0.88, "cc": 0.89, "rmse": 0.21, "coverage_90": 0.87,
        "mean_sigma": 0.16, "faces": 3198,
    }  # fmt: skip
    row = Figures(**old)  # type: ignore[arg-type]
    assert (row.auc, row.ccc_low, row.rmse_high) == (None, None, None)
    assert row.ccc == pytest.approx(0.88)

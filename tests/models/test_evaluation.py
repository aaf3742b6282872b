"""Figures by size and quantiser, and sigma's calibration."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation import grid
from narrowcast_models.evaluation.sizes import evaluate, predict
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.recogniser import CodedChip, Reading, Recogniser
from narrowcast_models.recogniser.torch_backend import TorchRecogniser

MakeFaces = Callable[..., LabelledFaces]


class _Oracle(Recogniser):
    """Knows the label by the order of the faces, off by what it is told."""

    def __init__(self, valence: np.ndarray, error: float, sigma: float) -> None:
        self._readings = [Reading(float(v) + error, sigma) for v in valence]
        self.seen: list[CodedChip] = []

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        self.seen += chips
        return self._readings[len(self.seen) - len(chips) : len(self.seen)]


def test_figures_of_an_oracle(make_faces: MakeFaces) -> None:
    """100 faces, so two batches; .1 off everywhere, which 1.6449 sigma of .05 do not reach."""
    faces = make_faces(100)
    for sigma, covered in ((0.05, 0.0), (0.07, 1.0)):
        oracle = _Oracle(faces.valence, 0.1, sigma)
        (row,) = evaluate(oracle, faces, [Coding(24, None)])
        assert (row.px, row.qp, row.faces) == (24, None, 100)
        assert row.rmse == pytest.approx(0.1, abs=1e-4)
        assert row.cc == pytest.approx(1, abs=1e-4)
        assert 0.9 < row.ccc < 1
        assert (row.coverage_90, row.mean_sigma) == (covered, sigma)


def test_chips_come_at_the_size_and_as_coded(make_faces: MakeFaces) -> None:
    faces = make_faces(70)
    chips = {}
    for coding in (Coding(24, None), Coding(24, 40)):
        oracle = _Oracle(faces.valence, 0, 1)
        predict(oracle, faces, coding)
        assert {chip.coding for chip in oracle.seen} == {coding}
        chips[coding.qp] = np.stack([chip.pixels for chip in oracle.seen])
    assert chips[None].shape == chips[40].shape == (70, 24, 24)
    assert 0 < np.abs(chips[None].astype(int) - chips[40]).mean() < 30


def test_faces_of_other_sides(make_faces: MakeFaces, tiny_network: OneForAll) -> None:
    for side in (1, 30, 96, 120):
        rows = evaluate(TorchRecogniser(tiny_network), make_faces(3, side), [Coding(96, 30)])
        assert np.isfinite(rows[0].rmse)


def test_the_grid() -> None:
    assert grid.codings([8, 6], [None, 30]) == ((8, None), (8, 30), (6, None), (6, 30))
    assert grid.CARD_GRID[: len(grid.SIZES_PX)] == tuple((px, None) for px in grid.SIZES_PX)
    assert len(set(grid.CARD_GRID)) == len(grid.CARD_GRID)

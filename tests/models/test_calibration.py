"""Calibration: what is fitted is found again, and readings come true on faces."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from narrowcast_models.coding import Coding, conditions
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation import grid
from narrowcast_models.evaluation.sizes import Z_90
from narrowcast_models.networks.calibration import TERMS, Calibration, Correction
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.recogniser import Recogniser
from narrowcast_models.training import held_out
from narrowcast_models.training.calibrate import SEED, calibrate
from narrowcast_shared.errors import DataError

MakeFaces = Callable[..., LabelledFaces]
CODINGS = grid.codings((48, 24, 12, 6), (None, 24, 30, 42))

SEVEN = (
    *grid.codings((48, 16, 6), (None,)), *grid.codings((48,), (24, 30, 42)), Coding(12, 36),
)  # fmt: skip
"""As many as there are terms, and none of them implied by the others: all are met."""


def test_unfitted_it_changes_nothing() -> None:
    correction = Calibration()(conditions(CODINGS))
    assert all(column.abs().max() == 0 for column in correction)


def test_a_polynomial_is_found_again_and_runs_on_between() -> None:
    calibration, truth = Calibration(), Calibration()
    truth.coefficients.copy_(torch.linspace(-0.3, 0.4, TERMS * 3).reshape(TERMS, 3))
    told = conditions(CODINGS)
    calibration.fit(told, truth(told))
    between = conditions([Coding(36, 30), Coding(17, 42), Coding(9, None)])
    for fitted, true in zip(calibration(between), truth(between), strict=True):
        assert torch.allclose(fitted, true, atol=1e-4)


def test_codings_that_do_not_span_all_terms() -> None:
    """Uncoded sizes alone say nothing of quantisers: what they do say is kept."""
    told = conditions(grid.codings((96, 48, 32, 24, 16, 12, 8), (None,)))
    calibration = Calibration()
    shift = torch.linspace(0, 1, 7)
    calibration.fit(told, Correction(0 * shift, 0 * shift, torch.full((7,), 0.25)))
    assert calibration(told).log_sigma_shift.tolist() == pytest.approx([0.25] * 7, abs=1e-4)
    assert torch.isfinite(calibration.coefficients).all()


def test_too_few_codings() -> None:
    few = conditions(CODINGS[: TERMS - 1])
    with pytest.raises(ValueError, match="6 codings do not fix 7"):
        Calibration().fit(few, Calibration()(few))


def test_readings_get_the_spread_of_the_labels(
    tiny_network: OneForAll, make_faces: MakeFaces
) -> None:
    """Random weights know nothing of faces, but spread and intervals can be made true."""
    faces = make_faces(256)
    calibrate(tiny_network, faces, SEVEN)
    recogniser = Recogniser(tiny_network)
    clips = held_out.moving(faces, torch.Generator().manual_seed(SEED))
    for coding in SEVEN:
        read = held_out.read(recogniser, clips, coding)
        # A reading ends at -1 and 1, where some of these random ones come to lie.
        assert read.valence.std() == pytest.approx(faces.valence.std(), rel=0.1), coding
        assert read.valence.mean() == pytest.approx(faces.valence.mean(), abs=0.05), coding
        inside = np.abs(read.valence - clips.labels) <= Z_90 * read.sigma
        assert inside.mean() == pytest.approx(0.9, abs=0.05), coding


def test_what_was_fitted_before_does_not_matter(
    tiny_network: OneForAll, make_faces: MakeFaces
) -> None:
    faces = make_faces(64)
    calibrate(tiny_network, faces, CODINGS)
    once = tiny_network.calibration.coefficients.clone()
    calibrate(tiny_network, faces, CODINGS)
    assert torch.allclose(once, tiny_network.calibration.coefficients, atol=1e-5)


def test_no_faces(tiny_network: OneForAll, make_faces: MakeFaces) -> None:
    with pytest.raises(DataError, match="no held-out faces"):
        calibrate(tiny_network, make_faces(4).select(np.zeros(4, dtype=bool)))

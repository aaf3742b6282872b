"""Calibration: what is fitted is found again, and readings come true on faces."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from narrowcast_models import coding as coding_
from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation.sizes import Z_90
from narrowcast_models.networks.calibration import CODINGS, QPS, SIZES_PX, Calibration, Correction
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_models.training import held_out
from narrowcast_models.training.calibrate import SEED, calibrate
from narrowcast_shared.errors import DataError


def conditions(codings: Sequence[Coding]) -> torch.Tensor:
    """As the network is told them."""
    return torch.from_numpy(coding_.conditions(codings))


MakeFaces = Callable[..., LabelledFaces]


def _numbered() -> Calibration:
    """Log gains 0, 1, 2 ... in the order of the codings; offset and shift are multiples."""
    calibration, numbers = Calibration(), torch.arange(len(CODINGS)).float()
    calibration.fit(Correction(numbers, 2 * numbers, 3 * numbers))
    return calibration


def test_unfitted_it_changes_nothing() -> None:
    correction = Calibration()(conditions(CODINGS))
    assert all(column.abs().max() == 0 for column in correction)


def test_where_it_was_fitted() -> None:
    correction = _numbered()(conditions(CODINGS))
    numbers = torch.arange(len(CODINGS)).float()
    for times, column in enumerate(correction, 1):
        assert torch.allclose(column, times * numbers, atol=1e-3)


def test_between_two_quantisers_and_two_sizes() -> None:
    """Halfway from QP 30 to 36; from 6 to 12 px by way of 8, in octaves."""
    log_gain = _numbered()(conditions([Coding(6, 33), Coding(96, 33), Coding(7, None)])).log_gain
    row = len(QPS)
    assert log_gain[0] == pytest.approx(QPS.index(30) + 0.5, abs=1e-3)
    assert log_gain[1] == pytest.approx((len(SIZES_PX) - 1) * row + QPS.index(30) + 0.5, abs=1e-3)
    share = np.log(7 / 6) / np.log(8 / 6)
    assert log_gain[2] == pytest.approx(row * share, abs=1e-3)


def test_beyond_the_outermost_the_outermost_holds() -> None:
    outside = [Coding(4, None), Coding(6, 51), Coding(6, 0), Coding(4, 10)]
    edges = [Coding(6, None), Coding(6, 48), Coding(6, 24), Coding(6, 24)]
    calibration = _numbered()
    for a, b in zip(calibration(conditions(outside)), calibration(conditions(edges)), strict=True):
        assert torch.allclose(a, b)


def test_it_is_in_the_weights(tiny_network: OneForAll) -> None:
    assert "calibration.table" in tiny_network.state_dict()


def test_readings_get_the_spread_of_the_labels(
    tiny_network: OneForAll, make_faces: MakeFaces
) -> None:
    """Random weights know nothing of faces, but spread and intervals can be made true."""
    faces = make_faces(24)
    calibrate(tiny_network, faces)
    recogniser = TorchRecogniser(tiny_network)
    clips = held_out.moving(faces, torch.Generator().manual_seed(SEED))
    for coding in CODINGS[::7]:
        read = held_out.read(recogniser, clips, coding)
        # A reading ends at -1 and 1, where some of these random ones come to lie.
        assert read.valence.std() == pytest.approx(faces.valence.std(), rel=0.1), coding
        assert read.valence.mean() == pytest.approx(faces.valence.mean(), abs=0.05), coding
        inside = np.abs(read.valence - clips.labels) <= Z_90 * read.sigma
        assert inside.mean() == pytest.approx(0.9, abs=0.05), coding


def test_what_was_fitted_before_does_not_matter(
    tiny_network: OneForAll, make_faces: MakeFaces
) -> None:
    faces = make_faces(3)
    calibrate(tiny_network, faces)
    once = tiny_network.calibration.table.clone()
    calibrate(tiny_network, faces)
    assert torch.allclose(once, tiny_network.calibration.table, atol=1e-5)


def test_no_faces(tiny_network: OneForAll, make_faces: MakeFaces) -> None:
    with pytest.raises(DataError, match="no held-out faces"):
        calibrate(tiny_network, make_faces(4).select(np.zeros(4, dtype=bool)))

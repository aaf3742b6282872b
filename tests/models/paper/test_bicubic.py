"""Bicubic weights as MATLAB's imresize has them."""

import numpy as np
import pytest
import torch

from narrowcast_models.paper import bicubic


@pytest.mark.parametrize(("source", "target"), [(96, 32), (96, 6), (6, 96), (48, 40), (17, 17)])
def test_rows_sum_to_one_and_are_symmetric(source: int, target: int) -> None:
    w = bicubic.weights(source, target)
    assert w.shape == (target, source)
    assert w.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert np.allclose(w, w[::-1, ::-1], atol=1e-6)


def test_doubling_has_keys_weights() -> None:
    """At a quarter of a pixel Keys' kernel with a = -1/2 is -9, 111, 29, -3 over 128."""
    row = bicubic.weights(8, 16)[7]  # its centre is at 3.25
    assert row[2:6] == pytest.approx(np.array([-9, 111, 29, -3]) / 128)


def test_halving_filters() -> None:
    """Eight taps, not four: the kernel is stretched by the factor, so a fine grid vanishes."""
    assert np.count_nonzero(bicubic.weights(32, 16)[8]) == 8
    grid = (torch.arange(32) % 2).float().expand(32, 32) * 255
    inner = bicubic.resize(grid, 16)[:, 2:-2]
    assert float((inner - 127.5).abs().max()) < 1


def test_a_ramp_stays_a_ramp() -> None:
    ramp = torch.arange(24).float().expand(24, 24)
    out = bicubic.resize(bicubic.resize(ramp, 12), 24)
    assert torch.allclose(out[12, 6:-6], ramp[12, 6:-6], atol=1e-3)

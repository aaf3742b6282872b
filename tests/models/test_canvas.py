"""The canvas: the encoder's resampling in torch, and contrast that stays sane."""

import numpy as np
import pytest
import torch

from narrowcast_models import canvas
from narrowcast_shared import resample


@pytest.mark.parametrize("px", [4, 6, 17, 24, 47, 48, 49, 96])
def test_the_same_resampling_as_numpy(px: int) -> None:
    rng = np.random.default_rng(px)
    chips = rng.integers(0, 256, (3, px, px), dtype=np.uint8)
    ours = canvas.to_canvas(torch.from_numpy(chips), 48)
    assert ours.shape == (3, 1, 48, 48)
    assert ours.dtype == torch.float32
    theirs = np.stack([resample.resample(chip, 48) for chip in chips])
    assert np.abs(ours[:, 0].numpy() * 255 - theirs).max() <= 0.5001  # theirs are rounded


def test_range() -> None:
    """Cubic overshoot is clipped: a canvas is a picture."""
    edge = torch.zeros(1, 8, 8, dtype=torch.uint8)
    edge[:, :, 4:] = 255
    out = canvas.to_canvas(edge, 48)
    assert out.min() == 0
    assert out.max() == 1


def test_resize_keeps_what_stands_before_the_image() -> None:
    assert canvas.resize(torch.zeros(2, 3, 4, 12, 12), 6).shape == (2, 3, 4, 6, 6)
    same = torch.rand(2, 12, 12)
    assert canvas.resize(same, 12) is same


def test_normalise_takes_light_and_contrast_away() -> None:
    torch.manual_seed(0)
    picture = torch.rand(4, 1, 48, 48)
    out = canvas.normalise(picture)
    assert out.mean(dim=(-2, -1)).abs().max() < 1e-5
    assert (out.std(dim=(-2, -1), correction=0) - 1).abs().max() < 1e-5
    assert torch.allclose(canvas.normalise(0.5 * picture + 0.2), out, atol=1e-4)


def test_each_chip_is_normalised_by_itself() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(3, 1, 48, 48) * torch.tensor([1.0, 0.1, 0.5])[:, None, None, None]
    together = canvas.normalise(pictures)
    alone = torch.cat([canvas.normalise(p[None]) for p in pictures])
    assert torch.equal(together, alone)


def test_a_flat_chip_stays_flat() -> None:
    """One gray level of noise must not be blown up to a face's contrast."""
    flat = torch.full((1, 1, 48, 48), 0.5)
    assert canvas.normalise(flat).abs().max() == 0
    flat[..., ::2, ::2] += 1 / 255
    assert canvas.normalise(flat).abs().max() < 0.25

"""The link in the training loop does what the real one does."""

import numpy as np
import pytest
import torch

from narrowcast_models.coding import Coding
from narrowcast_models.training import mixture
from narrowcast_models.training.degrade import Link, shrink
from narrowcast_models.training.mixture import MixtureConfig
from narrowcast_shared import resample
from narrowcast_shared.codec import ChipDecoder, ChipEncoder
from narrowcast_shared.operating_point import Rung


def _clips(count: int, frames: int) -> torch.Tensor:
    """Smooth moving pictures, whole gray levels."""
    grid = torch.arange(48) / 48
    shift = torch.arange(count * frames).reshape(count, frames, 1, 1) * 0.05
    waves = torch.sin(9 * grid + shift) * torch.cos(7 * grid[:, None] - shift)
    return (127.5 + 127.5 * waves).round()


@pytest.mark.parametrize("px", [96, 48, 24, 17, 6])
def test_shrinking_is_the_encoders(px: int) -> None:
    clips = _clips(2, 2)
    ours = shrink(clips, px)
    assert ours.shape == (2, 2, px, px)
    for clip, small in zip(clips.flatten(0, 1), ours.flatten(0, 1), strict=True):
        theirs = resample.resample(clip.numpy().astype(np.uint8), px)
        assert np.abs(small.numpy().astype(int) - theirs).max() <= 1  # halves may round either way


def test_uncoded_is_the_last_frame_shrunk() -> None:
    clips = _clips(3, 2)
    out = Link().last_frames(clips, Coding(24, None))
    assert torch.equal(out, shrink(clips, 24)[:, -1])


def test_coded_is_what_a_decoder_shows() -> None:
    clips, rung = _clips(3, 4), Rung(32, 30)
    out = Link().last_frames(clips, Coding(*rung))
    for clip, chip in zip(shrink(clips, 32).numpy(), out.numpy(), strict=True):
        encoder, decoder = ChipEncoder(rung), ChipDecoder(rung.px)
        frames = [decoder.decode(encoder.encode(frame).nals) for frame in clip]
        assert np.array_equal(frames[-1], chip)


def test_faces_do_not_show_through_each_other() -> None:
    """One warm context codes them all; each opens with a keyframe all the same."""
    link, clips, coding = Link(), _clips(4, 2), Coding(16, 36)
    together = link.last_frames(clips, coding)
    link.last_frames(255 - clips, coding)
    alone = torch.cat([link.last_frames(clip[None], coding) for clip in clips.flip(0)]).flip(0)
    assert torch.equal(together, alone)


def test_a_coarser_quantiser_harms_more() -> None:
    clips = _clips(4, 3)
    true = shrink(clips, 48)[:, -1].float()
    errors = [
        float(((Link().last_frames(clips, Coding(48, qp)).float() - true) ** 2).mean())
        for qp in (20, 30, 42)
    ]
    assert 0 < errors[0] < errors[1] < errors[2]


def test_the_mixture_is_drawn_as_configured() -> None:
    config = MixtureConfig(sizes_px=(48, 12), weights=(1, 3), coded=0.5, max_frames=3)
    generator = torch.Generator().manual_seed(0)
    draws = [mixture.draw(config, generator) for _ in range(2000)]
    assert np.mean([d.coding.px == 12 for d in draws]) == pytest.approx(0.75, abs=0.05)
    qps = [d.coding.qp for d in draws if d.coding.qp is not None]
    assert len(qps) / len(draws) == pytest.approx(0.5, abs=0.05)
    assert (min(qps), max(qps)) == (config.min_qp, config.max_qp)
    assert {d.frames for d in draws if d.coding.qp is not None} == {1, 2, 3}
    assert {d.frames for d in draws if d.coding.qp is None} == {1}


def test_every_size_has_its_weight() -> None:
    config = MixtureConfig()
    assert len(config.sizes_px) == len(config.weights)

"""What a camera and the encoder's light correction make of faces, before they are coded."""

import pytest
import torch

from narrowcast_models.training.sensor import SensorConfig, expose
from narrowcast_shared.light import MAX_GAIN, TARGET_DEVIATION, TARGET_LEVEL, ellipse

EXACT = SensorConfig(dim=0, darkest=0.07, max_noise=0, normalised=1, gain_spread=0, offset_spread=0)


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _faces(count: int, deviation: float = 25, frames: int = 2, side: int = 48) -> torch.Tensor:
    """Smooth pictures around 128, whole gray levels: no light is cut off, whatever the gain."""
    at = torch.arange(side) / side
    phase = torch.rand(count, 1, 1, 1, generator=_generator(3)) * 6
    waves = torch.sin(9 * at + phase) * torch.cos(7 * at[:, None] - phase)
    return (128 + 2 * deviation * waves).round().expand(-1, frames, -1, -1)


def _light(clips: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation [B] of the first frames' ellipses."""
    face = clips[:, 0][:, torch.tensor(ellipse(clips.shape[-1]))]
    return face.mean(dim=1), face.std(dim=1)


@pytest.mark.parametrize("side", [48, 96])
def test_bright_faces_are_brought_to_the_target(side: int) -> None:
    level, deviation = _light(expose(_faces(8, side=side), EXACT, _generator()))
    assert level.tolist() == pytest.approx([TARGET_LEVEL] * 8, abs=1)
    assert deviation.tolist() == pytest.approx([TARGET_DEVIATION] * 8, abs=1)


def test_dim_faces_are_brought_there_too() -> None:
    """With few gray levels left: their steps are as large as the gain."""
    clips = _faces(32, deviation=45)
    seen = expose(clips, EXACT._replace(dim=1), _generator())
    level, deviation = _light(seen)
    assert level.tolist() == pytest.approx([TARGET_LEVEL] * 32, abs=2)
    assert deviation.min() > 0.9 * TARGET_DEVIATION
    assert deviation.max() < 1.1 * TARGET_DEVIATION
    levels = [len(clip.unique()) for clip in seen]
    assert min(levels) < 20
    assert max(levels) > 60


def test_the_gain_is_bounded() -> None:
    """A face of next to no contrast is mostly noise, and stays flat."""
    clips = _faces(4, deviation=1)
    _, before = _light(clips)
    _, after = _light(expose(clips, EXACT, _generator()))
    assert after.tolist() == pytest.approx((MAX_GAIN * before).tolist(), rel=0.01)
    flat = torch.full((2, 1, 48, 48), 77.0)
    assert expose(flat, EXACT, _generator()).unique().tolist() == [TARGET_LEVEL]


def test_a_correction_is_somewhat_off_and_the_same_in_all_frames() -> None:
    config = EXACT._replace(gain_spread=0.1, offset_spread=6)
    seen = expose(_faces(64), config, _generator())
    level, deviation = _light(seen)
    assert 3 < level.std() < 9
    assert 0.05 < (deviation / TARGET_DEVIATION).log().std() < 0.15
    assert torch.equal(seen[:, 0], seen[:, 1])


def test_what_is_not_normalised_is_as_bright_as_it_was() -> None:
    clips = _faces(16)
    config = SensorConfig(dim=1, normalised=0, max_noise=0)
    assert torch.equal(expose(clips, config, _generator()), clips)
    noisy = expose(clips, config._replace(max_noise=4), _generator())
    error = noisy - clips
    assert error.std(dim=(1, 2, 3)).max() < 4.3
    assert error.std(dim=(1, 2, 3)).min() < 1.5
    assert error.mean().abs() < 0.1
    assert not torch.equal(noisy[:, 0], noisy[:, 1]), "each frame has noise of its own"


def test_the_range() -> None:
    wild = SensorConfig(max_noise=60, gain_spread=1, offset_spread=100)
    seen = expose(_faces(32, deviation=60).clamp(0, 255), wild, _generator())
    assert seen.shape == (32, 2, 48, 48)
    assert (seen.min(), seen.max()) == (0, 255)
    assert torch.isfinite(seen).all()


def test_the_generator_decides() -> None:
    clips = _faces(4)
    kept = clips.clone()
    torch.manual_seed(1)
    first = expose(clips, SensorConfig(), _generator(5))
    torch.manual_seed(2)
    assert torch.equal(expose(clips, SensorConfig(), _generator(5)), first)
    assert not torch.equal(expose(clips, SensorConfig(), _generator(6)), first)
    assert torch.equal(clips, kept), "what is given stays as it is"

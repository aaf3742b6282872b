"""What a camera makes of a moving face, and how the encoder brings it to a fixed light.

Dim faces have few gray levels and much noise. The encoder brings each chip to a fixed mean and
contrast before coding (`narrowcast_shared.light`), by a gain and an offset that follow the face
slowly; within the few frames of a training clip they are constant and somewhat off.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from narrowcast_shared.light import MAX_GAIN, MIN_GAIN, TARGET_DEVIATION, TARGET_LEVEL, ellipse


class SensorConfig(NamedTuple):
    """`dim`: share of faces in poor light, down to `darkest` of the brightness they had.

    `normalised`: share of faces whose light the encoder corrects; the others stay as they are and
    are never dim. `gain_spread` (of its logarithm) and `offset_spread` (gray levels) are standard
    deviations: a slow correction is off by so much.
    """

    dim: float = 0.3
    darkest: float = 0.07
    max_noise: float = 4.0  # standard deviation in gray levels, of a bright face
    normalised: float = 0.85
    gain_spread: float = 0.1
    offset_spread: float = 6.0


def expose(clips: Tensor, config: SensorConfig, generator: torch.Generator) -> Tensor:
    """Clips float [B, F, n, n] (0..255) as the encoder codes them: the same shape and range."""
    count = len(clips)
    shape = (count, 1, 1, 1)
    normalised = torch.rand(shape, generator=generator) < config.normalised
    is_dim = normalised & (torch.rand(shape, generator=generator) < config.dim)
    darkness = torch.rand(shape, generator=generator) * math.log(config.darkest)
    brightness = torch.where(is_dim, darkness.exp(), torch.ones(shape))
    # Photons: half the light has more than half the noise.
    level = torch.rand(shape, generator=generator) * config.max_noise * brightness.sqrt()
    noise = torch.randn(clips.shape, generator=generator) * level
    seen = (clips * brightness + noise).round_().clamp_(0, 255)
    off_gain = (torch.randn(shape, generator=generator) * config.gain_spread).exp()
    off_level = torch.randn(shape, generator=generator) * config.offset_spread
    face = seen[:, 0][:, torch.tensor(ellipse(clips.shape[-1]))]  # [B, pixels]
    mean = face.mean(dim=1).reshape(shape)
    deviation = face.std(dim=1).clamp_min(1e-3).reshape(shape)
    gain = (TARGET_DEVIATION / deviation * off_gain).clamp(MIN_GAIN, MAX_GAIN)
    corrected = (seen - mean) * gain + TARGET_LEVEL + off_level
    return torch.where(normalised, corrected, seen).clamp_(0, 255)

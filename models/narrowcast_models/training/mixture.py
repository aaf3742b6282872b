"""Max-mix: the mixture of sizes and quantisers that one batch is made of.

Source: Cheng et al. 2017, section 3.3 (one model fine-tuned on a mixture of factors). Ours
mixes quantisers too, and draws per group of a batch, so that every step sees several.
"""

from typing import NamedTuple

import torch

from narrowcast_models.coding import Coding


class MixtureConfig(NamedTuple):
    """`sizes_px` are drawn by `weights`; a share `coded` of the groups goes through x264."""

    sizes_px: tuple[int, ...] = (96, 64, 48, 40, 32, 24, 20, 16, 12, 10, 8, 6)
    weights: tuple[float, ...] = (0.3, 0.4, 2.0, 0.7, 1.6, 1.6, 0.6, 1.6, 1.3, 0.5, 1.3, 1.2)
    coded: float = 0.5
    min_qp: int = 20
    max_qp: int = 42
    max_frames: int = 4


def only(config: MixtureConfig, px: int) -> MixtureConfig:
    """No mixture of sizes: this one, through the same quantisers."""
    return config._replace(sizes_px=(px,), weights=(1.0,))


def smallest_uncoded(config: MixtureConfig) -> MixtureConfig:
    """The largest downsampling factor alone, and no codec."""
    return only(config, min(config.sizes_px))._replace(coded=0.0)


class Draw(NamedTuple):
    """One group's coding and the number of frames its clips have."""

    coding: Coding
    frames: int


def draw(config: MixtureConfig, generator: torch.Generator) -> Draw:
    """Coding and clip length of the next group."""
    weights = torch.tensor(config.weights, dtype=torch.float32)
    px = config.sizes_px[int(torch.multinomial(weights, 1, generator=generator))]
    coded = float(torch.rand((), generator=generator)) < config.coded
    if not coded:
        # Above 48 px an uncoded FER+ face is itself again: it has no more detail to lose.
        return Draw(Coding(px, None), 1)
    qp = int(torch.randint(config.min_qp, config.max_qp + 1, (), generator=generator))
    frames = int(torch.randint(1, config.max_frames + 1, (), generator=generator))
    return Draw(Coding(px, qp), frames)

"""Batches of the paper's training: each a function of seed and step, so resuming needs no state."""

from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from narrowcast_models import canvas
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.networks.paper import SR_MARGIN_PX
from narrowcast_models.paper import bicubic
from narrowcast_models.paper.config import PaperConfig
from narrowcast_shared.errors import DataError
from narrowcast_shared.operating_point import CHIP_PX

_MOST_STEPS = 10_000_000
"""More than any run has, so that no two draws share a seed."""


class RecognitionBatch(NamedTuple):
    """Normalised canvas [B, 1, C, C] and valence [B]."""

    canvas: Tensor
    valence: Tensor


class PatchBatch(NamedTuple):
    """SR's input [B, 1, p, p] and the middle of the true picture [B, 1, p-16, p-16]."""

    enlarged: Tensor
    truth: Tensor


def degrade(images: Tensor, factor: int, canvas_px: int) -> Tensor:
    """What arrives of faces [B, n, n] (0..255): shrunk to 96 / factor px, enlarged to the canvas.

    Factor 1 is the face itself. Float [B, 1, canvas_px, canvas_px] in 0..1, not normalised.
    """
    if factor != 1:
        images = bicubic.resize(images, CHIP_PX // factor).round().clamp(0, 255)
    return (bicubic.resize(images, canvas_px) / 255).clamp(0, 1).unsqueeze(1)


class Stream(IntEnum):
    """What is drawn, each from random numbers of its own."""

    ORDER = 0
    FACTORS = 1
    MIRRORS = 2
    CORNERS = 3
    DROPOUT = 4


def stream_seed(seed: int, stream: Stream, index: int) -> int:
    """The seed of one draw; `index` is a step, or an epoch where an order is drawn."""
    return (seed * len(Stream) + stream) * _MOST_STEPS + index


class FaceBatches:
    """Endless epochs over the training faces at the given factors, one drawn for each face."""

    def __init__(
        self,
        faces: LabelledFaces,
        factors: tuple[int, ...],
        config: PaperConfig,
        device: torch.device,
    ) -> None:
        self._per_epoch = len(faces) // config.batch_size
        if self._per_epoch == 0:
            raise DataError(f"{len(faces)} faces do not fill one batch of {config.batch_size}")
        self._images = torch.from_numpy(faces.images).to(device)
        self._valence = torch.from_numpy(faces.valence).to(device)
        self._factors = factors
        self._config = config
        self.seed = config.seed
        self._order = lru_cache(maxsize=1)(self._draw_order)

    def recognition(self, step: int) -> RecognitionBatch:
        """The batch of one step of recognition."""
        rows, drawn = self._faces(step)
        images = self._images[rows].float()
        seen = images.new_empty(len(rows), 1, *[self._config.network.canvas_px] * 2)
        for factor in self._factors:
            chosen = drawn == factor
            seen[chosen] = degrade(images[chosen], factor, self._config.network.canvas_px)
        seen = self._mirrored(canvas.normalise(seen), step)
        return RecognitionBatch(seen, self._valence[rows])

    def patches(self, step: int) -> PatchBatch:
        """The batch of one step of SR pre-training, at the first of the factors."""
        rows, _ = self._faces(step)
        images = self._images[rows].float()
        side = self._config.network.canvas_px
        small = canvas.normalise(degrade(images, self._factors[0], side))
        true = canvas.normalise(degrade(images, 1, side))
        patch = min(self._config.sr_patch_px, side)
        top, left = self._corner(step, side - patch)
        inner = slice(SR_MARGIN_PX, patch - SR_MARGIN_PX)
        window = (..., slice(top, top + patch), slice(left, left + patch))
        return PatchBatch(small[window], true[window][..., inner, inner])

    def factors_of(self, step: int) -> Tensor:
        """The factor that each face of the batch is shrunk by, int64 [B]."""
        generator = self._generator(Stream.FACTORS, step)
        size = (self._config.batch_size,)
        choice = torch.randint(len(self._factors), size, generator=generator)
        return torch.tensor(self._factors)[choice].to(self._images.device)

    def _faces(self, step: int) -> tuple[Tensor, Tensor]:
        epoch, place = divmod(step, self._per_epoch)
        size = self._config.batch_size
        return self._order(epoch)[place * size : (place + 1) * size], self.factors_of(step)

    def _draw_order(self, epoch: int) -> Tensor:
        generator = self._generator(Stream.ORDER, epoch)
        return torch.randperm(len(self._images), generator=generator).to(self._images.device)

    def _mirrored(self, seen: Tensor, step: int) -> Tensor:
        if not self._config.mirror:
            return seen
        draws = torch.rand(len(seen), generator=self._generator(Stream.MIRRORS, step))
        turned = (draws < 0.5).to(seen.device)[:, None, None, None]
        return torch.where(turned, seen.flip(-1), seen)

    def _corner(self, step: int, room: int) -> tuple[int, int]:
        generator = self._generator(Stream.CORNERS, step)
        top, left = torch.randint(room + 1, (2,), generator=generator).tolist()
        return top, left

    def _generator(self, stream: Stream, index: int) -> torch.Generator:
        return torch.Generator().manual_seed(stream_seed(self._config.seed, stream, index))

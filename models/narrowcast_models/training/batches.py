"""Training batches of `oa`: faces set in motion, sent through the link, brought to the canvas."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from narrowcast_models import canvas
from narrowcast_models.coding import conditions
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.training import mixture, motion
from narrowcast_models.training.degrade import Link
from narrowcast_models.training.mixture import MixtureConfig
from narrowcast_models.training.motion import MotionConfig


class Batch(NamedTuple):
    """Canvas [B, 1, 48, 48], conditions [B, 3], shares [B, 8], valence [B], all float32.

    `before` [B, 1, 48, 48] is the same moment before the link, in 0..1.
    """

    canvas: Tensor
    conditions: Tensor
    before: Tensor
    shares: Tensor
    valence: Tensor


class Batches:
    """Endless epochs over one set of faces; every draw comes from the one generator."""

    def __init__(
        self,
        faces: LabelledFaces,
        batch_size: int,
        groups: int,
        generator: torch.Generator,
        mixture_config: MixtureConfig | None = None,
        motion_config: MotionConfig | None = None,
    ) -> None:
        if faces.shares is None:
            raise ValueError(f"{faces.name} has no votes to learn from")
        self._images = torch.from_numpy(faces.images)
        self._shares = torch.from_numpy(faces.shares)
        self._valence = torch.from_numpy(faces.valence)
        self._batch_size = batch_size
        self._groups = groups
        self._generator = generator
        self._mixture = mixture_config or MixtureConfig()
        self._motion = motion_config or MotionConfig()
        self._link = Link()

    def __len__(self) -> int:
        """Steps an epoch; the incomplete last batch is left out."""
        return len(self._images) // self._batch_size

    def epoch(self) -> Iterator[Batch]:
        """One pass over the faces in a new order."""
        order = torch.randperm(len(self._images), generator=self._generator)
        for step in range(len(self)):
            yield self._batch(order[step * self._batch_size : (step + 1) * self._batch_size])

    def _batch(self, rows: Tensor) -> Batch:
        canvases, told, before = zip(
            *(self._group(group) for group in rows.chunk(self._groups)), strict=True
        )
        return Batch(
            torch.cat(canvases),
            torch.cat(told),
            torch.cat(before),
            self._shares[rows],
            self._valence[rows],
        )

    def _group(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Canvas, conditions and the picture before the link, of one coding."""
        draw = mixture.draw(self._mixture, self._generator)
        clips = motion.clips(self._images[rows], draw.frames, self._motion, self._generator)
        chips = self._link.last_frames(clips, draw.coding)
        before = clips[:, -1:] / 255
        return (
            canvas.to_canvas(chips, motion.SIDE_PX),
            conditions([draw.coding] * len(rows)),
            before,
        )

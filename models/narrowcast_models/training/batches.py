"""Training batches of `oa`: faces set in motion, exposed, sent through the link, on the canvas.

A batch is made of groups of faces that share an origin and a coding, so that the codec is set up
once for each group and each step sees several codings.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from narrowcast_models import canvas
from narrowcast_models.coding import Coding, conditions
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.emotions import VALENCES
from narrowcast_models.training import mixture, motion, sensor
from narrowcast_models.training.degrade import Link
from narrowcast_models.training.film import Film
from narrowcast_models.training.mixture import MixtureConfig

if TYPE_CHECKING:
    from narrowcast_models.training.config import TrainConfig


CANVAS_PX = 48


class Batch(NamedTuple):
    """Canvas [B, 1, 48, 48], conditions [B, 3], shares [B, 8], valence [B], all float32.

    `before` [B, 1, 48, 48] is the same moment before the link, in 0..1.
    """

    canvas: Tensor
    conditions: Tensor
    before: Tensor
    shares: Tensor
    valence: Tensor


class _Origin(NamedTuple):
    """Faces of one side: images uint8 [N, n, n], shares [N, 8], valence [N]."""

    images: Tensor
    shares: Tensor
    valence: Tensor


class FilmFaces(NamedTuple):
    """Film, and what a teacher reads of its chips, shares float32 [N, 8]; None where none does."""

    film: Film
    shares: NDArray[np.float32] | None


class Batches:
    """Endless epochs over the faces of some origins; every draw comes from the one generator."""

    def __init__(
        self,
        origins: Sequence[LabelledFaces],
        config: "TrainConfig",
        generator: torch.Generator,
        film: FilmFaces | None = None,
        mixture_config: MixtureConfig | None = None,
    ) -> None:
        """mixture_config: in place of the configuration's own."""
        self._origins = [_origin(faces) for faces in origins]
        self._config = config
        self._mixture = mixture_config or config.mixture
        self._group_size = config.batch_size // config.groups
        self._generator = generator
        self._film = None if film is None else film.film
        self._of_film = None
        if film is not None and film.shares is not None:
            valence = film.shares @ np.asarray(VALENCES, dtype=np.float32)
            self._of_film = _Origin(*map(torch.from_numpy, (film.film.chips, film.shares, valence)))
        self._link = Link()

    def __len__(self) -> int:
        """Steps an epoch; incomplete groups and the incomplete last batch are left out."""
        return (self._groups_of_stills + self._groups_of_film) // self._config.groups

    @property
    def _groups_of_stills(self) -> int:
        return sum(len(origin.images) // self._group_size for origin in self._origins)

    @property
    def _groups_of_film(self) -> int:
        share = self._config.film.groups
        return 0 if self._of_film is None else round(self._groups_of_stills * share / (1 - share))

    def epoch(self) -> Iterator[Batch]:
        """One pass over the stills in a new order, film between them."""
        groups: list[tuple[_Origin, Tensor] | None] = [
            (origin, rows) for origin in self._origins for rows in self._dealt(len(origin.images))
        ]
        groups += [None] * self._groups_of_film
        order = torch.randperm(len(groups), generator=self._generator).tolist()
        size = self._config.groups
        for step in range(len(self)):
            taken = [groups[index] for index in order[step * size : (step + 1) * size]]
            parts = [self._filmed() if group is None else self._stills(*group) for group in taken]
            yield Batch(*map(torch.cat, zip(*parts, strict=True)))

    def _dealt(self, count: int) -> tuple[Tensor, ...]:
        """Rows of so many faces in a new order, by full groups."""
        order = torch.randperm(count, generator=self._generator)
        return order[: count - count % self._group_size].view(-1, self._group_size).unbind()

    def _stills(self, origin: _Origin, rows: Tensor) -> Batch:
        draw = mixture.draw(self._mixture, self._generator)
        motion_config, generator = self._config.motion, self._generator
        borrowed = self._borrowed(len(rows), draw.frames)
        clips = motion.clips(origin.images[rows], draw.frames, motion_config, generator, borrowed)
        if draw.frames > 1:
            clips = motion.cut(clips, motion_config, generator)
        return self._through_link(clips, draw.coding, origin, rows)

    def _borrowed(self, count: int, frames: int) -> Tensor | None:
        """Motion of real faces for some of the stills, none for the others."""
        if self._film is None or frames == 1:
            return None
        config = self._config.film
        flow = self._film.motion(count, frames, config.strength, self._generator)
        moved = torch.rand(count, 1, 1, 1, 1, generator=self._generator) < config.moved
        return flow * moved

    def _filmed(self) -> Batch:
        assert self._film is not None
        assert self._of_film is not None
        draw = mixture.draw(self._mixture, self._generator)
        rows = self._film.windows(self._group_size, draw.frames, self._generator)
        seen = self._of_film.images[rows]
        clips = motion.filmed(seen, self._config.motion, self._generator)
        return self._through_link(clips, draw.coding, self._of_film, rows[:, -1])

    def _through_link(self, clips: Tensor, coding: Coding, origin: _Origin, rows: Tensor) -> Batch:
        """The last frames of clips [B, F, n, n], whose targets are those of the rows [B]."""
        clips = sensor.expose(clips, self._config.sensor, self._generator)
        chips = self._link.last_frames(clips, coding)
        return Batch(
            canvas.to_canvas(chips, CANVAS_PX),
            torch.from_numpy(conditions([coding] * len(rows))),
            canvas.to_canvas(clips[:, -1], CANVAS_PX),
            origin.shares[rows],
            origin.valence[rows],
        )


def _origin(faces: LabelledFaces) -> _Origin:
    if faces.shares is None:
        raise ValueError(f"{faces.name} has no votes to learn from")
    return _Origin(*map(torch.from_numpy, (faces.images, faces.shares, faces.valence)))

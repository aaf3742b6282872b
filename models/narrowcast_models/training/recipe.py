"""From faces to a shipped file: train, calibrate, evaluate, write the weights and their card."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from narrowcast_models import checkpoint
from narrowcast_models.checkpoint import Card
from narrowcast_models.data import ferplus
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation import grid
from narrowcast_models.evaluation.sizes import evaluate
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser import Recogniser
from narrowcast_models.training import card
from narrowcast_models.training.calibrate import calibrate
from narrowcast_models.training.losses import LossWeights
from narrowcast_models.training.mixture import MixtureConfig
from narrowcast_models.training.motion import MotionConfig
from narrowcast_models.training.run import Run, TrainConfig

logger = logging.getLogger(__name__)


class Recipe(NamedTuple):
    """`alone`: the training by itself. `taught`: what follows, with a teacher; None for nothing."""

    name: str
    alone: TrainConfig
    taught: TrainConfig | None = None

    def changed(
        self,
        epochs: int | None = None,
        taught_epochs: int | None = None,
        seed: int | None = None,
        bf16: bool | None = None,
    ) -> "Recipe":
        """With other settings than it ships with; no taught epochs leave the teacher out."""
        both = _given(seed=seed, bf16=bf16)
        alone = replace(self.alone, **both, **_given(epochs=epochs))
        if self.taught is None or taught_epochs == 0:
            return Recipe(self.name, alone)
        return Recipe(
            self.name, alone, replace(self.taught, **both, **_given(epochs=taught_epochs))
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values for a card."""
        taught = {} if self.taught is None else {"taught": self.taught.as_json()}
        return self.alone.as_json() | taught


def _given(**settings: object) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}


OA_L = Recipe(
    "oa-l",
    TrainConfig(
        epochs=24,
        network=OneForAllConfig(
            widths=(32, 64, 128), blocks=(2, 2, 2), features=0, dropout=0.2, picture_stages=0
        ),
        motion=MotionConfig(max_slope=0, max_sharpening=0, occluded=0),
    ),
)
"""Nine times the multiplications of `oa`, and its teacher."""

OA = Recipe(
    "oa",
    TrainConfig(bf16=True),
    TrainConfig(
        epochs=64,
        teacher="oa-l",
        bf16=True,
        max_rate=2e-3,
        mixture=MixtureConfig(coded=0.75, max_frames=6),
        loss=LossWeights(teacher=0.7),
    ),
)
"""By itself first; then by what `oa-l` reads before the link, mostly of coded faces."""


def make(recipe: Recipe, run_folder: Path, out: Path, command: str) -> Card:
    """Train a model on FER+, or go on where `run_folder` stopped; its card, as written.

    Raises DataError where FER+ is missing or the folder belongs to another run, WeightsError
    where the teacher is missing.
    """
    splits = ferplus.load()
    logger.info("FER+: %d faces to train on, %d held out", len(splits.train), len(splits.dev))
    network = _train(recipe, splits.train, run_folder)
    calibrate(network, splits.dev)
    figures = evaluate(Recogniser(network), splits.eval_clean, grid.CARD_GRID)
    training = recipe.as_json() | {
        "faces": len(splits.train),
        "held_out": len(splits.dev),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    described = card.describe(recipe.name, network, training, figures, command)
    return checkpoint.save(network, described, out)


def _train(recipe: Recipe, faces: LabelledFaces, run_folder: Path) -> OneForAll:
    if recipe.taught is None:
        return Run(faces, recipe.alone, run_folder).train()
    taught = Run(faces, recipe.taught, run_folder / "taught")  # tells of a missing teacher first
    taught.start_from(Run(faces, recipe.alone, run_folder).train())
    return taught.train()

"""From faces to a shipped file: train, calibrate, evaluate, write the weights and their card."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from narrowcast_models import checkpoint, onnx_export
from narrowcast_models.data import ferplus
from narrowcast_models.evaluation import grid
from narrowcast_models.evaluation.sizes import evaluate
from narrowcast_models.model_card import Card
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_models.training import card, film, stills
from narrowcast_models.training.calibrate import calibrate
from narrowcast_models.training.config import TrainConfig
from narrowcast_models.training.film import Film
from narrowcast_models.training.losses import LossWeights
from narrowcast_models.training.mixture import MixtureConfig
from narrowcast_models.training.motion import MotionConfig
from narrowcast_models.training.run import Run
from narrowcast_models.training.stills import TargetConfig
from narrowcast_shared.errors import SettingsError

logger = logging.getLogger(__name__)


class Recipe(NamedTuple):
    """Trainings that follow each other: each stage starts from the weights of the one before."""

    name: str
    stages: tuple[TrainConfig, ...]

    def changed(
        self, epochs: Sequence[int] = (), seed: int | None = None, bf16: bool | None = None
    ) -> "Recipe":
        """With other settings than it ships with.

        epochs: of the stages, in order; stages that are not named are left out. Raises
        SettingsError where there are more of them than stages.
        """
        if len(epochs) > len(self.stages):
            raise SettingsError(
                f"--epochs is given {len(epochs)} times, more often than {self.name} has stages",
                f"name it {len(self.stages)} times at most",
            )
        given = {"seed": seed, "bf16": bf16}
        settings: dict[str, Any] = {name: v for name, v in given.items() if v is not None}
        stages = [replace(stage, **settings) for stage in self.stages]
        if epochs:
            stages = [
                replace(stage, epochs=count) for stage, count in zip(stages, epochs, strict=False)
            ]
        return Recipe(self.name, tuple(stages))

    def as_json(self) -> dict[str, Any]:
        """Plain values for a card."""
        return {"stages": [stage.as_json() for stage in self.stages]}


OA_L = Recipe(
    "oa-l",
    (
        TrainConfig(
            epochs=30,
            bf16=True,
            max_rate=3e-3,
            weight_decay=0.05,
            average_decay=0.999,
            network=OneForAllConfig(
                widths=(64, 96, 128, 192),
                blocks=(2, 2, 2, 1),
                features=160,
                dropout=0.3,
                picture_stages=0,
            ),
            mixture=MixtureConfig(
                weights=(0.5, 0.6, 4.0, 1.0, 1.6, 1.4, 0.5, 1.0, 0.7, 0.3, 0.5, 0.4),
                coded=0.35,
            ),
            motion=MotionConfig(start_turn_deg=15, start_zoom=0.15, occluded=0.25),
            targets=TargetConfig(lfw=True),
        ),
    ),
)
"""24 times the multiplications of `oa`, and its teacher: it mostly sees faces that lost little."""

OA = Recipe(
    "oa",
    (
        TrainConfig(
            epochs=96,
            bf16=True,
            mixture=MixtureConfig(coded=0.6, max_frames=6),
            targets=TargetConfig(lfw=True, votes=0.5, annotator=0.25),
        ),
        TrainConfig(
            epochs=96,
            bf16=True,
            max_rate=2.5e-3,
            mixture=MixtureConfig(coded=0.75, max_frames=8),
            targets=TargetConfig(lfw=True, votes=0.3, annotator=0.2, own="oa-l"),
            loss=LossWeights(clean=0.5),
        ),
    ),
)
"""Votes, public recognisers and the motion of real faces first; then by what `oa-l` reads as well,
mostly of coded faces, whose reading is to stay what it was before the link."""


def make(
    recipe: Recipe, run_folder: Path, out: Path, command: str, film_path: Path | None = None
) -> Card:
    """Train a model on FER+ and LFW, or go on where `run_folder` stopped; its card, as written.

    The weights are exported to ONNX as well.

    film_path: chips of real clips, as `narrowcast chips` writes them; None for stills alone.
    Raises DataError where a data set is missing or the folder belongs to another run, WeightsError
    where the teacher is missing.
    """
    splits = ferplus.load()
    network = train(recipe, run_folder, None if film_path is None else film.load(film_path))
    calibrate(network, splits.dev)
    figures = evaluate(TorchRecogniser(network), splits.eval_clean, grid.CARD_GRID)
    training = recipe.as_json() | {
        "held_out": len(splits.dev),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    described = card.describe(recipe.name, network, training, figures, command)
    checkpoint.save(network, described, out)
    return onnx_export.export(str(out), splits.train)


def train(recipe: Recipe, run_folder: Path, shown: Film | None) -> OneForAll:
    """The averaged network of the last stage; each stage has a folder of its own."""
    network = None
    for number, config in enumerate(recipe.stages, 1):
        origins = stills.load(config.targets)
        told = ", ".join(f"{len(faces)} of {faces.name}" for faces in origins)
        logger.info("stage %d of %d: %s", number, len(recipe.stages), told)
        faces = None if shown is None else stills.film_faces(shown, config.targets)
        run = Run(origins, config, run_folder / f"stage-{number}", faces)
        if network is not None:
            run.start_from(network)
        network = run.train()
    assert network is not None, "a recipe has a stage"
    return network

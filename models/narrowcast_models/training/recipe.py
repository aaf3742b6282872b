"""From faces to a shipped file: train, calibrate, evaluate, write the weights and their card."""

import logging
from pathlib import Path

import torch

from narrowcast_models import checkpoint
from narrowcast_models.checkpoint import Card
from narrowcast_models.data import ferplus
from narrowcast_models.evaluation import grid
from narrowcast_models.evaluation.sizes import evaluate
from narrowcast_models.networks.one_for_all import OneForAllConfig
from narrowcast_models.recogniser import Recogniser
from narrowcast_models.training import card
from narrowcast_models.training.calibrate import calibrate
from narrowcast_models.training.mixture import MixtureConfig
from narrowcast_models.training.motion import MotionConfig
from narrowcast_models.training.run import Run, TrainConfig

logger = logging.getLogger(__name__)

RECIPES = {
    "oa": TrainConfig(bf16=True),
    "oa-l": TrainConfig(
        epochs=24,
        network=OneForAllConfig(
            widths=(32, 64, 128), blocks=(2, 2, 2), features=0, dropout=0.2, picture_stages=0
        ),
        mixture=MixtureConfig(max_qp=42, max_frames=4),
        motion=MotionConfig(max_slope=0, max_sharpening=0, occluded=0),
    ),
}
"""What is shipped, by name. `oa` learns from `oa-l`, which has to be there first."""


def make(name: str, config: TrainConfig, run_folder: Path, out: Path, command: str) -> Card:
    """Train a model on FER+, or go on where `run_folder` stopped; its card, as written.

    Raises DataError where FER+ is missing or the folder belongs to another run, WeightsError
    where the teacher is missing.
    """
    splits = ferplus.load()
    logger.info("FER+: %d faces to train on, %d held out", len(splits.train), len(splits.dev))
    network = Run(splits.train, config, run_folder).train()
    calibrate(network, splits.dev)
    figures = evaluate(Recogniser(network), splits.eval_clean, grid.CARD_GRID)
    training = config.as_json() | {
        "faces": len(splits.train),
        "held_out": len(splits.dev),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    described = card.describe(name, network, training, figures, command)
    return checkpoint.save(network, described, out)

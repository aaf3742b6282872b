"""From faces to a shipped file: train, calibrate, evaluate, write the weights and their card."""

import logging
from pathlib import Path

import torch

from narrowcast_models import checkpoint
from narrowcast_models.checkpoint import Card
from narrowcast_models.data import ferplus
from narrowcast_models.evaluation import grid
from narrowcast_models.evaluation.sizes import evaluate
from narrowcast_models.recogniser import Recogniser
from narrowcast_models.training import card
from narrowcast_models.training.calibrate import calibrate
from narrowcast_models.training.run import Run, TrainConfig

logger = logging.getLogger(__name__)

OA = TrainConfig(bf16=True)
"""How the shipped `oa` was trained."""


def make(config: TrainConfig, run_folder: Path, out: Path, command: str) -> Card:
    """Train `oa` on FER+, or go on where `run_folder` stopped; its card, as written.

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
    described = card.describe(checkpoint.DEFAULT_MODEL, network, training, figures, command)
    return checkpoint.save(network, described, out)

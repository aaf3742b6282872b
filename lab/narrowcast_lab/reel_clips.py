"""Reels that benchmarks play: of which faces, how many and how long, and how a report says so."""

from pathlib import Path
from typing import Any

import torch

from narrowcast_models.data import choice, ferplus
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation.moving import MovingClip
from narrowcast_models.reels import ReelConfig, make_many

DEV = "dev"
NAMED = frozenset({DEV, choice.FERPLUS, choice.LFW})


def load(
    faces: str, count: int, seconds: float, seed: int
) -> tuple[list[MovingClip], dict[str, Any]]:
    """Reels at the faces' own size, and `reels`, what they were made with.

    faces: `ferplus`, `dev`, `lfw`, a file or a folder. Raises DataError where they are missing.
    """
    labelled, config = labelled_faces(faces), ReelConfig()
    generator = torch.Generator().manual_seed(seed)
    made = make_many(labelled, count, round(seconds * config.fps), config, generator)
    clips = [MovingClip(f"reel {i}", reel.chips, reel.valence) for i, reel in enumerate(made)]
    described = {
        "faces": labelled.name,
        "chosen": faces if faces in NAMED else Path(faces).name,
        "count": count,
        "seconds": seconds,
        "seed": seed,
        "config": config._asdict(),
    }
    return clips, {"reels": described}


def labelled_faces(faces: str) -> LabelledFaces:
    """Labelled faces by name: those of `choice.load`, and FER+'s held out of training."""
    return ferplus.load().dev if faces == DEV else choice.load(faces)

"""Reels that benchmarks play: of which faces, how many and how long, and how a report says so."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from narrowcast_models.data import choice, ferplus
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation.moving import MovingClip
from narrowcast_models.reels import ON_FILM, ReelConfig, make_many
from narrowcast_models.training import film
from narrowcast_shared.errors import DataError

MIN_MOVING = 2

DEV = "dev"
NAMED = frozenset({DEV, choice.FERPLUS, choice.LFW})


def load(
    faces: str, count: int, seconds: float, seed: int, film_path: Path | None = None
) -> tuple[list[MovingClip], dict[str, Any]]:
    """Reels at the faces' own size, and `reels`, what they were made with.

    faces: `ferplus`, `dev`, `lfw`, a file or a folder. film_path: chips of real clips at 25 fps,
    whose motion the faces borrow; the reels are then of 96 px. Raises DataError where either is
    missing, or the clips show no motion.
    """
    labelled, clips_of_film = labelled_faces(faces), _film(film_path)
    config = ON_FILM if clips_of_film else ReelConfig()
    generator = torch.Generator().manual_seed(seed)
    frames = round(seconds * config.fps)
    made = make_many(labelled, count, frames, config, generator, clips_of_film)
    clips = [MovingClip(f"reel {i}", reel.chips, reel.valence) for i, reel in enumerate(made)]
    described = {
        "faces": labelled.name,
        "chosen": faces if faces in NAMED else Path(faces).name,
        "count": count,
        "seconds": seconds,
        "seed": seed,
        "film": None if film_path is None else film_path.name,
        "config": config._asdict(),
    }
    return clips, {"reels": described}


def _film(path: Path | None) -> list[NDArray[np.uint8]]:
    clips = [] if path is None else film.clips(path)
    if path is not None and all(len(clip) < MIN_MOVING for clip in clips):
        raise DataError(f"{path}: no clip has {MIN_MOVING} frames to move by", "name longer clips")
    return clips


def labelled_faces(faces: str) -> LabelledFaces:
    """Labelled faces by name: those of `choice.load`, and FER+'s held out of training."""
    return ferplus.load().dev if faces == DEV else choice.load(faces)

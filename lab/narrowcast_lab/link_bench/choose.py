"""Which footage is played: reels of labelled faces, real clips, or the source `sample`."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2

from narrowcast_encoder.commands.detector import DetectorChoice
from narrowcast_encoder.detection import FaceDetector
from narrowcast_encoder.rate.table import Table, load
from narrowcast_encoder.sources.choice import SAMPLE
from narrowcast_lab import real_clips, reel_clips
from narrowcast_lab.link_bench.footage import Clip, Footage, join
from narrowcast_models.data.location import VARIABLE
from narrowcast_models.evaluation.moving_figures import FPS
from narrowcast_shared.errors import DataError

FILM, REELS = "film", "reels"
"""What the two kinds of footage are called where both are played. Film is first: it counts more."""


class Reels(NamedTuple):
    """So many reels of so many seconds, of these faces, by this seed.

    film_path: chips of real clips, whose motion they borrow.
    """

    faces: str
    number: int
    seconds: float
    seed: int
    film_path: Path | None = None


class Chosen(NamedTuple):
    """Footage, what to call it, and what the report says of where it comes from."""

    footage: Footage
    title: str
    described: dict[str, Any]


def data_is_there() -> bool:
    """Whether reels can be made without being asked what of."""
    return bool(os.environ.get(VARIABLE))


def footages(
    files: Sequence[Path], detector: DetectorChoice, reels: Reels | None, sample_s: float
) -> dict[str, Chosen]:
    """Film and reels, as far as they are asked for, film first; so many seconds of the source
    `sample` where neither is. Raises as those below do.
    """
    found = {}
    if files:
        found[FILM] = of_clips(files, detector.make())
    if reels is not None:
        found[REELS] = of_reels(reels)
    return found or {FILM: of_sample(sample_s, detector.make())}


def tables(files: Sequence[Path], folder: Path | None) -> list[Table]:
    """The operating table of each clip, by the clip's name; none without a folder.

    Raises SettingsError where one cannot be read.
    """
    return [] if folder is None else [load(folder / f"{file.stem}.json") for file in files]


def of_reels(reels: Reels) -> Chosen:
    """Moving clips made of labelled faces. Raises DataError where those are missing."""
    made, described = made_reels(reels)
    footage = join(made)
    seconds = f"{footage.duration_us / 1e6:g} s"
    return Chosen(
        footage, f"{reels.number} reels of {described['reels']['faces']}, {seconds}", described
    )


def made_reels(reels: Reels) -> tuple[list[Clip], dict[str, Any]]:
    """The reels as clips, and `reels`, what they were made with. Raises DataError likewise."""
    made, described = reel_clips.load(*reels)
    return [Clip(clip.name, list(clip.chips), clip.valence) for clip in made], described


def of_sample(seconds: float, detector: FaceDetector) -> Chosen:
    """The source `sample` in a loop. Raises SourceError where it is not installed."""
    once = of_clips([Path(SAMPLE)], detector)
    laps = math.ceil(seconds * FPS / len(once.footage.chips))
    chips = (once.footage.chips * laps)[: round(seconds * FPS)]
    title = f"the two faces of sample in a loop, {seconds:g} s"
    starts = tuple(range(0, len(chips), len(once.footage.chips)))
    return Chosen(Footage(chips, None, starts), title, once.described)


def of_clips(files: Sequence[Path], detector: FaceDetector) -> Chosen:
    """Real clips, joined. Raises as `clips` does, DataError where no face is seen."""
    found = clips(files, detector)
    footage = join(found)
    if not footage.has_face.any():
        raise DataError(f"no face is seen in {', '.join(clip.name for clip in found)}")
    told = {clip.name: len(clip.chips) for clip in found}
    return Chosen(footage, f"{', '.join(told)}, {footage.duration_us / 1e6:g} s", {"clips": told})


def clips(files: Sequence[Path], detector: FaceDetector) -> list[Clip]:
    """Real clips. Raises SourceError where one cannot be read."""
    cv2.setNumThreads(1)
    return [Clip(file.name, real_clips.chips(file, detector, FPS)) for file in files]

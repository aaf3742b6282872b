"""Where the challenge's files are.

    ROOT/recordings_video/train_1.mp4 ... train_9.mp4, dev_1.mp4 ... dev_9.mp4
    ROOT/ratings_gold_standard/valence/train_1.arff ...   (or .csv)
    ROOT/bounding_boxes/train_1.csv ...                   (or another folder)

The nine test recordings are not looked for: their labels were never given out.
"""

from pathlib import Path
from typing import NamedTuple

from narrowcast_shared.errors import DataError

TRAIN = "train"
DEV = "dev"
RECORDINGS = tuple(f"{partition}_{number}" for partition in (TRAIN, DEV) for number in range(1, 10))
"""Nine to learn from and nine to report on (Valstar et al. 2016)."""

VIDEOS = Path("recordings_video")
RATINGS = Path("ratings_gold_standard") / "valence"
BOXES = Path("bounding_boxes")
_NAMED = 5


class RecordingFiles(NamedTuple):
    """What belongs to one recording."""

    name: str
    video: Path
    ratings: Path
    boxes: Path

    @property
    def partition(self) -> str:
        """`train` or `dev`."""
        return self.name.partition("_")[0]


def find(root: Path, boxes: Path | None = None) -> list[RecordingFiles]:
    """The files of all recordings, `train_1` to `dev_9`.

    `boxes` is the folder of the bounding boxes where it is not ROOT/bounding_boxes. Raises
    DataError naming what is missing.
    """
    if not root.is_dir():
        raise DataError(f"{root} is no folder", "name the one that holds recordings_video")
    boxes = root / BOXES if boxes is None else boxes
    found = [
        RecordingFiles(
            name,
            root / VIDEOS / f"{name}.mp4",
            _ratings(root / RATINGS, name),
            boxes / f"{name}.csv",
        )
        for name in RECORDINGS
    ]
    missing = [path for files in found for path in files[1:] if not path.is_file()]
    if missing:
        raise DataError(_listed(missing), "docs/avec.md shows the layout that is expected")
    return found


def _ratings(folder: Path, name: str) -> Path:
    table = folder / f"{name}.csv"
    return table if table.is_file() else folder / f"{name}.arff"


def _listed(missing: list[Path]) -> str:
    names = ", ".join(map(str, missing[:_NAMED]))
    more = len(missing) - _NAMED
    return f"{names}{f' and {more} more files' if more > 0 else ''}: not there"

"""AVEC 2016 in small: eighteen generated videos of 3 s in the challenge's layout.

A picture's valence is how much brighter its chip is at the top than at the bottom, and follows a
sine. The raters see it .4 s later and say half of it, plus .1.
"""

import csv
import shutil
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from narrowcast_models.data.avec.layout import RECORDINGS, RecordingFiles, find
from narrowcast_models.recogniser import CodedChip, Reading, Recogniser

FRAMES = 75
STEP_S = 0.04
SIDE_PX = 160
BOX = (20, 20, 120, 110)
CHIP_SIDE = 127  # 1.06 * 120
DELAY_S = 0.4

Rows = Iterable[Sequence[object]]


def seen(times_s: np.ndarray, name: str) -> np.ndarray:
    """What a recording's face shows at these times."""
    phase = RECORDINGS.index(name)
    return 0.8 * np.sin(2 * np.pi * times_s / 2.6 + phase)


def rated(times_s: np.ndarray, name: str) -> np.ndarray:
    return 0.5 * seen(times_s - DELAY_S, name) + 0.1


class BrightnessReader(Recogniser):
    """Reads the valence off the pictures that are made here."""

    def __init__(self) -> None:
        self.seen: list[CodedChip] = []

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        self.seen += chips
        return [Reading(_ramp(chip.pixels), 0.1) for chip in chips]


def _ramp(pixels: np.ndarray) -> float:
    """The slope of the picture's rows, -1..1."""
    rows = pixels.astype(float).mean(axis=1)
    ramp = np.linspace(1, -1, len(rows))
    return float(rows @ ramp / (ramp @ ramp) / 100)


def write_table(path: Path, rows: Rows, delimiter: str = ";") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)


def write_arff(path: Path, name: str, rows: Rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    header = (
        "@relation GOLDSTANDARD_VALENCE\n\n@attribute Instance_name string\n"
        "@attribute frameTime numeric\n@attribute GoldStandard numeric\n\n\n@data\n\n"
    )
    path.write_text(header + "".join(f"'{name}',{t:.2f},{v:.6f}\n" for t, v in rows))


def _write_ratings(root: Path, name: str) -> None:
    times_s = STEP_S * np.arange(FRAMES + 1)  # as the challenge's: 7501 ratings, 7500 frames
    rows = list(zip(times_s, rated(times_s, name), strict=True))
    path = root / "ratings_gold_standard" / "valence" / name
    if name.endswith(("1", "3")):
        write_table(path.with_suffix(".csv"), [("Instance_name", "frameTime", "GoldStandard")]
                    + [(name, f"{t:.2f}", f"{v:.6f}") for t, v in rows], ",")  # fmt: skip
    else:
        write_arff(path.with_suffix(".arff"), name, rows)


def _write_boxes(root: Path, name: str) -> None:
    """By frame, by time, or by both, as the recording's number has it."""
    path = root / "bounding_boxes" / f"{name}.csv"
    kind = int(name[-1]) % 3
    table = {
        0: ([("Frame", "X", "Y", "W", "H")], lambda n: (n, *BOX), ";"),
        1: ([("frametime", "left", "top", "width", "height")],
            lambda n: (f"{n * STEP_S:.3f}", *BOX), ","),
        2: ([("frame", "frametime", "x", "y", "w", "h")],
            lambda n: (n, f"{n * STEP_S:.3f}", *BOX), "\t"),
    }  # fmt: skip
    header, row, delimiter = table[kind]
    write_table(path, [*header, *map(row, range(FRAMES))], delimiter)


def write_video(path: Path, pictures: Iterable[np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25, options={"qscale": "2"})
        assert isinstance(stream, VideoStream)
        stream.width = stream.height = SIDE_PX
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 25)
        for number, picture in enumerate(pictures):
            frame = VideoFrame.from_ndarray(_narrow_range(picture), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _narrow_range(picture: np.ndarray) -> np.ndarray:
    """Luma as cameras write it, 16 to 235, and two planes without colour."""
    luma = 16 + picture.astype(float) * 219 / 255
    colourless = np.full((SIDE_PX // 2, SIDE_PX), 128, np.uint8)
    return np.concatenate([np.rint(luma).astype(np.uint8), colourless])


def _pictures(name: str) -> Iterable[np.ndarray]:
    x, y, w, h = BOX
    for valence in seen(STEP_S * np.arange(FRAMES), name):
        picture = np.full((SIDE_PX, SIDE_PX), 128, np.uint8)
        beyond = (h + 30) / CHIP_SIDE
        ramp = 128 + 100 * valence * np.linspace(beyond, -beyond, h + 30)
        picture[y - 15 : y + h + 15, x - 15 : x + w + 15] = ramp[:, None]
        yield picture


@pytest.fixture(scope="session")
def _avec_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("avec")
    for name in RECORDINGS:
        write_video(root / "recordings_video" / f"{name}.mp4", _pictures(name))
        _write_ratings(root, name)
        _write_boxes(root, name)
    return root


@pytest.fixture
def root(_avec_files: Path, tmp_path: Path) -> Path:
    """A copy of the whole, to be spoilt."""
    folder = tmp_path / "AVEC2016"
    shutil.copytree(_avec_files, folder)
    return folder


@pytest.fixture
def files_of(root: Path) -> Callable[[str], RecordingFiles]:
    """`files_of("dev_2")`: the files of one recording."""
    return {files.name: files for files in find(root)}.__getitem__


@pytest.fixture
def reader() -> BrightnessReader:
    return BrightnessReader()


@pytest.fixture
def table() -> Callable[[Path, Rows, str], None]:
    """`table(path, rows, delimiter)` writes a delimited file."""
    return write_table


@pytest.fixture
def truth() -> Callable[[np.ndarray, str], np.ndarray]:
    """`truth(times_s, name)`: what a recording's face shows."""
    return seen


@pytest.fixture
def video_file() -> Callable[[Path, Iterable[np.ndarray]], None]:
    """`video_file(path, pictures)` writes gray pictures of 160x160 px at 25 frames a second."""
    return write_video

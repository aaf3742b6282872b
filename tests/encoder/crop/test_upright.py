"""Rolled faces: turned upright beyond 35 degrees, held there, and never turned within them."""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_encoder.crop import ChipMaker, CropConfig, Square, cut
from narrowcast_encoder.crop.roll import estimate_roll, turned, turning, wrapped
from narrowcast_encoder.crop.square import cut_turned
from narrowcast_encoder.crop.upright import UprightConfig
from narrowcast_encoder.detection import FaceDetector, reduce
from narrowcast_encoder.sources import open_source

Image = NDArray[np.uint8]

UNTURNED = CropConfig(upright=UprightConfig(enabled=False))


@pytest.fixture(scope="module")
def astronaut() -> Image:
    data = pytest.importorskip("skimage.data", reason="scikit-image is not installed")
    return np.ascontiguousarray(data.astronaut()[..., ::-1])


def rolled(image: Image, degrees: float) -> Image:
    """The picture turned counter-clockwise, all of it on a larger canvas."""
    how = turning(image.shape, degrees)
    shift = how.shift + how.linear @ (0.5, 0.5) - 0.5
    matrix = np.column_stack([how.linear, shift])
    return np.asarray(
        cv2.warpAffine(image, matrix, how.size, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def error_deg(roll: float, turn_deg: float) -> float:
    """How far a face rolled counter-clockwise is from upright after the picture was turned."""
    return abs(wrapped(roll + turn_deg))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("roll", range(0, 360, 15))
def test_the_crop_is_upright_at_every_roll(
    roll: int, mirrored: bool, astronaut: Image, detector: FaceDetector
) -> None:
    image = astronaut[:, ::-1] if mirrored else astronaut
    maker = ChipMaker(detector)
    assert maker.chip(rolled(np.ascontiguousarray(image), roll)) is not None
    assert error_deg(roll, maker.turn_deg) <= 45
    if abs(wrapped(roll)) <= 15:
        assert maker.turn_deg == 0


@pytest.mark.parametrize("roll", [90, 180, 270])
def test_a_turned_chip_is_the_upright_one(
    roll: int, astronaut: Image, detector: FaceDetector
) -> None:
    upright = ChipMaker(detector).chip(astronaut)
    chip = ChipMaker(detector).chip(rolled(astronaut, roll))
    assert upright is not None
    assert chip is not None
    alike = np.corrcoef(chip.ravel(), upright.ravel())[0, 1]
    assert alike > 0.9


def test_a_head_that_rolls_slowly_is_turned_in_few_steps(
    astronaut: Image, detector: FaceDetector
) -> None:
    """1. From upright to lying in 6 s. 2. The crop follows in few steps, and stays upright."""
    maker, turns = ChipMaker(detector), []
    face = np.asarray(cv2.resize(astronaut[:300, 60:360], (160, 160)), np.uint8)
    for frame in range(180):
        matrix = cv2.getRotationMatrix2D((80, 80), 0.5 * frame, 1)
        image = cv2.warpAffine(face, matrix, (160, 160), borderMode=cv2.BORDER_REPLICATE)
        assert maker.chip(np.asarray(image, np.uint8)) is not None
        turns.append(maker.turn_deg)
    changes = sum(before != after for before, after in pairwise(turns))
    assert 1 <= changes <= 4
    assert turns[:40] == [0] * 40  # to 20 degrees
    assert error_deg(90, turns[-1]) <= 45


def test_a_turned_crop_holds_still_under_sensor_noise(
    astronaut: Image, detector: FaceDetector
) -> None:
    still = cv2.resize(rolled(astronaut, 100), (320, 320))
    rng, maker, crops = np.random.default_rng(0), ChipMaker(detector), set()
    for _ in range(45):
        noise = rng.normal(0, 4, still.shape)
        assert maker.chip((still + noise).clip(0, 255).astype(np.uint8)) is not None
        crops.add((maker.square, maker.turn_deg))
    assert len(crops) == 1


def assert_untouched(source: str, detector: FaceDetector) -> None:
    """Every chip is the one that was made before rolled faces were turned, to the bit."""
    plain, maker = ChipMaker(detector, UNTURNED), ChipMaker(detector)
    with open_source(source) as frames:
        for frame in frames:
            before, now = plain.chip(frame.image), maker.chip(frame.image)
            assert maker.turn_deg == 0
            assert (before is None) == (now is None)
            assert before is None or np.array_equal(before, now)


def test_the_sample_clip_is_untouched(detector: FaceDetector) -> None:
    assert_untouched("sample", detector)


@pytest.mark.data
@pytest.mark.parametrize(
    "clip",
    ["grid_bbaf2n.mpg", "grid_lrwp9a.mpg", "smile_single.mp4", "cry_to_laugh.mp4"],
)
def test_upright_clips_are_untouched(
    clip: str, clip_path: Callable[[str], object], detector: FaceDetector
) -> None:
    assert_untouched(str(clip_path(clip)), detector)


@pytest.mark.parametrize("side", [60, 96, 240])
@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_turned_by_a_quarter_a_chip_is_exact(side: int, quarter: int) -> None:
    """The same px that `cut` takes from the turned picture, but for how they are shrunk."""
    coarse = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    frame = np.asarray(cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC), np.uint8)
    turned_frame = np.ascontiguousarray(np.rot90(frame, quarter))
    for x, y in ((100, 130), (-20, 50)):  # the second one reaches beyond the border
        square = Square(x, y, side)
        expected = cut(turned_frame, square).astype(int)
        assert np.abs(cut_turned(frame, square, 90 * quarter) - expected).mean() < 3


def test_places_go_there_and_back() -> None:
    how = turning((240, 320, 3), 37)
    assert how.origin(*how.place(12, 200)) == pytest.approx((12, 200))
    width, height = how.size
    for corner in ((0, 0), (320, 0), (0, 240), (320, 240)):
        x, y = how.place(*corner)
        assert -1e-6 <= x <= width
        assert -1e-6 <= y <= height


def test_a_frame_that_is_not_turned_is_the_frame_itself(astronaut: Image) -> None:
    frame = reduce(astronaut)
    assert turned(frame, 0) is frame
    quarter = turned(frame, 90)
    assert np.array_equal(quarter.image, np.rot90(frame.image))


def test_an_estimate_costs_twelve_small_looks(astronaut: Image, detector: FaceDetector) -> None:
    class Counted:
        looks = 0

        def detect(self, image: Image) -> list:
            self.looks += 1
            assert image.shape == (96, 96, 3)
            return detector.detect(image)

    frame, counted = reduce(rolled(astronaut, 75)), Counted()
    face = max(detector.detect(frame.image), key=lambda box: box.area)
    roll = estimate_roll(counted, frame.image, face)
    assert counted.looks == 12
    assert roll.turn_deg == pytest.approx(-75, abs=25)
    assert roll.confidence > 0.8


def test_an_empty_scene_is_seldom_searched_in_turned_copies() -> None:
    """All three at first, then one for every fourth search in vain: a quarter more work."""

    class Nobody:
        calls = 0

        def detect(self, image: Image) -> list:
            assert image.ndim == 3
            self.calls += 1
            return []

    plain, nobody = Nobody(), Nobody()
    image = np.zeros((120, 160, 3), np.uint8)
    for detector_, config in ((plain, UNTURNED), (nobody, CropConfig())):
        maker = ChipMaker(detector_, config)
        assert all(maker.chip(image) is None for _ in range(315))
    assert nobody.calls <= 3 + 1.25 * plain.calls

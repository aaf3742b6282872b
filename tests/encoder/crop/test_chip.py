"""From real frames to chips."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_encoder.crop import ChipMaker
from narrowcast_encoder.detection import Box, FaceDetector, reduce

Image = NDArray[np.uint8]
Images = Callable[[str], list[Image]]

GRID = ["bbaf2n", "brbk7n", "lbax4n", "lbbc2a", "lrwp9a", "lwbsza", "pwij3p", "sbia1a", "sbwe5n"]
CLIPS = ["smile_single.mp4", "cry_to_laugh.mp4", *(f"grid_{n}.mpg" for n in (*GRID, "swiz3n"))]


def share_found(images: list[Image], detector: FaceDetector) -> float:
    """Of the frames, those that became a chip."""
    maker = ChipMaker(detector)
    chips = [maker.chip(image) for image in images]
    found = [chip for chip in chips if chip is not None]
    assert all(chip.shape == (96, 96) and chip.dtype == np.uint8 for chip in found)
    return len(found) / len(chips)


def test_a_chip_for_every_frame_with_a_face(
    sample_images: list[Image], detector: FaceDetector
) -> None:
    assert share_found(sample_images, detector) == 1


@pytest.mark.data
def test_a_chip_for_nearly_every_frame_of_real_clips(
    clip_images: Images, detector: FaceDetector
) -> None:
    shares = {name: share_found(clip_images(name), detector) for name in CLIPS}
    assert {name: share for name, share in shares.items() if share < 0.98} == {}


def test_no_chip_where_there_is_no_face(portrait: Image, detector: FaceDetector) -> None:
    """The rocket, the flag and the collar of the picture."""
    maker = ChipMaker(detector)
    scenes = (portrait[200:, 290:], portrait[260:], portrait[:, :140])
    assert [maker.chip(scene) for scene in scenes * 20] == [None] * 60


@pytest.mark.data
def test_no_chip_in_a_real_clip_without_a_face(clip_images: Images, detector: FaceDetector) -> None:
    images = clip_images("no_face.mp4")
    assert len(images) == 95
    assert share_found(images, detector) == 0


def test_the_same_images_give_the_same_chips(
    sample_images: list[Image], detector: FaceDetector
) -> None:
    first, second = ChipMaker(detector), ChipMaker(detector)
    for image in sample_images[90:150]:
        assert _same(first.chip(image), second.chip(image))


def test_a_held_crop_is_bit_exact_under_sensor_noise(
    portrait: Image, detector: FaceDetector
) -> None:
    """1. A still face with noise: the detector's box trembles. 2. The crop does not."""
    rng = np.random.default_rng(0)
    maker = ChipMaker(detector)
    squares = set()
    for _ in range(60):
        noise = rng.normal(0, 6, portrait.shape)
        assert maker.chip((portrait + noise).clip(0, 255).astype(np.uint8)) is not None
        squares.add(maker.square)
    assert len(squares) == 1


def test_detection_runs_on_a_fifth_of_the_frames(
    sample_images: list[Image], detector: FaceDetector
) -> None:
    """Counted in px of the reduced frame: the look at its roll takes twelve copies of 96 px."""
    counted = CountingDetector(detector)
    maker = ChipMaker(counted)
    images = sample_images[120:]
    for image in images:
        maker.chip(image)
    assert counted.px <= 0.25 * len(images) * reduce(images[0]).gray.size


def test_frames_of_another_size_start_over(
    portrait: Image, sample_images: list[Image], detector: FaceDetector
) -> None:
    """A camera that changes its mode, a stream that renegotiates."""
    maker = ChipMaker(detector)
    for image in (portrait, sample_images[0], portrait):
        fresh = ChipMaker(detector)
        assert _same(maker.chip(image), fresh.chip(image))


def _same(one: NDArray[np.uint8] | None, other: NDArray[np.uint8] | None) -> bool:
    return one is not None and other is not None and np.array_equal(one, other)


class CountingDetector:
    """Counts the px that the detector behind it is given."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self.px = 0

    def detect(self, image: NDArray[np.uint8]) -> list[Box]:
        self.px += image.shape[0] * image.shape[1]
        return self._detector.detect(image)

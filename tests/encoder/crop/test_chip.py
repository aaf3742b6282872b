"""From real frames to chips."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_encoder.crop import ChipMaker
from narrowcast_encoder.detection import Box, FaceDetector, reduce

pytestmark = pytest.mark.data

Images = Callable[[str], list[NDArray[np.uint8]]]

GRID = ["bbaf2n", "brbk7n", "lbax4n", "lbbc2a", "lrwp9a", "lwbsza", "pwij3p", "sbia1a", "sbwe5n"]
GRID_CLIPS = [f"grid_{name}.mpg" for name in [*GRID, "swiz3n"]]


@pytest.mark.parametrize("name", ["smile_single.mp4", "cry_to_laugh.mp4", *GRID_CLIPS])
def test_a_chip_for_every_frame_with_a_face(
    name: str, clip_images: Images, detector: FaceDetector
) -> None:
    maker = ChipMaker(detector)
    chips = [maker.chip(image) for image in clip_images(name)]
    found = [chip for chip in chips if chip is not None]
    assert len(found) >= 0.98 * len(chips)
    assert all(chip.shape == (96, 96) and chip.dtype == np.uint8 for chip in found)


def test_no_chip_where_there_is_no_face(clip_images: Images, detector: FaceDetector) -> None:
    maker = ChipMaker(detector)
    images = clip_images("no_face.mp4")
    assert len(images) == 95
    assert [maker.chip(image) for image in images] == [None] * 95


def test_the_same_images_give_the_same_chips(clip_images: Images, detector: FaceDetector) -> None:
    images = clip_images("cry_to_laugh.mp4")[100:160]
    first, second = ChipMaker(detector), ChipMaker(detector)
    for image in images:
        assert _same(first.chip(image), second.chip(image))


def test_a_held_crop_is_bit_exact_under_sensor_noise(
    clip_images: Images, detector: FaceDetector
) -> None:
    """1. A still face with noise: the detector's box trembles. 2. The crop does not."""
    still = clip_images("smile_single.mp4")[0]
    rng = np.random.default_rng(0)
    maker = ChipMaker(detector)
    squares = set()
    for _ in range(60):
        noise = rng.normal(0, 6, still.shape)
        assert maker.chip((still + noise).clip(0, 255).astype(np.uint8)) is not None
        squares.add(maker.square)
    assert len(squares) == 1


def test_detection_runs_on_a_fifth_of_the_frames(
    clip_images: Images, detector: FaceDetector
) -> None:
    """Counted in px of the reduced frame: the look at its roll takes twelve copies of 96 px."""
    counted = CountingDetector(detector)
    maker = ChipMaker(counted)
    images = clip_images("smile_single.mp4")
    for image in images:
        maker.chip(image)
    assert counted.px <= 0.25 * len(images) * reduce(images[0]).gray.size


def test_frames_of_another_size_start_over(clip_images: Images, detector: FaceDetector) -> None:
    """A camera that changes its mode, a stream that renegotiates."""
    maker = ChipMaker(detector)
    large, small = clip_images("smile_single.mp4")[0], clip_images("grid_bbaf2n.mpg")[0]
    for image in (large, small, large):
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

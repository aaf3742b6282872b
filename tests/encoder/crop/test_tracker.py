"""One face is followed: the largest at first, and then the same one."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_encoder.crop import FaceTracker, TrackingConfig
from narrowcast_encoder.detection import Box, FaceDetector, ReducedFrame, reduce

Image = NDArray[np.uint8]


def test_the_largest_face_is_followed(portrait: Image, detector: FaceDetector) -> None:
    """Five faces; the one in the middle above is the largest."""
    face = portrait[20:220, 122:322]
    canvas = np.full((440, 640, 3), 128, np.uint8)
    for left, top, side in (
        (0, 0, 180), (190, 0, 240), (440, 0, 190), (80, 245, 190), (380, 240, 200),
    ):  # fmt: skip
        canvas[top : top + side, left : left + side] = cv2.resize(face, (side, side))
    frame = reduce(canvas)
    faces = detector.detect(frame.image)
    assert len(faces) == 5
    followed = FaceTracker(detector).update(frame)
    assert followed == max(faces, key=lambda face: face.area)
    assert followed.centre[0] / frame.scale == pytest.approx(310, abs=30)


@pytest.mark.parametrize("top", [60, 180], ids=["in front of it", "below it"])
def test_a_larger_face_that_passes_is_not_followed(
    top: int, sample_images: list[Image], detector: FaceDetector
) -> None:
    """1. A face alone. 2. One 1.3 times as large passes. 3. The first is still the one."""
    tracker = FaceTracker(detector)
    places = []
    for image in _passing(sample_images, top):
        frame = reduce(image)
        box = tracker.update(frame)
        if box is not None:
            places.append(np.divide(box.centre, frame.scale))
    away_px = np.linalg.norm(np.subtract(places, places[0]), axis=1)
    assert away_px.max() < 150  # the face is 190 px high
    assert away_px[-30:].max() < 60
    assert len(places) > 90  # of 156: seen again as soon as it is uncovered


def _passing(images: list[Image], top: int) -> Iterator[Image]:
    """The man of `sample` in his place, the woman's face from left to right before him."""
    other = np.asarray(cv2.resize(images[120][15:110, 45:130], None, fx=3.4, fy=3.4), np.uint8)
    height, width = other.shape[:2]
    for index in range(156):
        canvas = np.full((480, 1400, 3), 128, np.uint8)
        canvas[20:452, 440:968] = cv2.resize(images[index % 10], (528, 432))
        left = 12 * (index - 8)
        if 0 <= left <= 1400 - width:
            bottom = min(top + height, 480)
            canvas[top:bottom, left : left + width] = other[: bottom - top]
        yield canvas


def test_a_face_that_jumps_is_taken_up_at_once(portrait: Image, detector: FaceDetector) -> None:
    """A cut, or a frame rate so low that the head moves by its width between two frames."""
    mirrored = np.ascontiguousarray(portrait[:, ::-1])
    tracker = FaceTracker(detector)
    assert all(tracker.update(reduce(view)) is not None for view in (portrait, mirrored) * 4)


class ScriptedDetector:
    """Gives the boxes of a script, one list a call, then none."""

    def __init__(self, *script: list[Box]) -> None:
        self._script = list(script)
        self.calls = 0

    def detect(self, image: Image) -> list[Box]:
        assert image.shape[2] == 3
        self.calls += 1
        return self._script.pop(0) if self._script else []


FACE = Box(100, 60, 40, 50, 0.9)
CONFIG = TrackingConfig(max_misses=4, eager_frames=3, search_every=3)


def _textured(seed: int = 0) -> ReducedFrame:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (23, 40, 3), dtype=np.uint8)
    return reduce(np.asarray(cv2.resize(coarse, (320, 180)), np.uint8))


def test_the_template_follows_the_face_between_detections() -> None:
    tracker = FaceTracker(ScriptedDetector([FACE]))
    frame = _textured()
    tracker.update(frame)
    for step in range(1, 5):
        shifted = np.roll(frame.image, 4 * step, axis=1)
        box = tracker.update(reduce(shifted))
        assert box is not None
        assert box.x == pytest.approx(FACE.x + 4 * step, abs=0.75)
        assert box.y == pytest.approx(FACE.y, abs=0.75)
    assert tracker.detections == 1


def test_changed_looks_are_detected_at_once() -> None:
    tracker = FaceTracker(ScriptedDetector([FACE], [FACE.moved(10, 0)]))
    assert tracker.update(_textured(0)) == FACE
    assert tracker.update(_textured(1)) == FACE.moved(10, 0)


def test_a_detector_that_blinks_does_not_lose_the_face() -> None:
    """The looks have not changed, so the box is held until the detector sees it again."""
    blink: list[list[Box]] = [[], [], []]
    tracker = FaceTracker(ScriptedDetector([FACE], *blink, [FACE]), CONFIG)
    boxes = [tracker.update(_textured()) for _ in range(12)]
    assert None not in boxes


def test_a_face_that_is_gone_is_lost() -> None:
    tracker = FaceTracker(ScriptedDetector([FACE]), CONFIG)
    boxes = [tracker.update(_textured(seed)) for seed in range(8)]
    assert boxes == [FACE] + [None] * 7


def test_an_empty_scene_is_searched_less_often() -> None:
    detector = ScriptedDetector()
    tracker = FaceTracker(detector, CONFIG)
    frame = _textured()
    assert [tracker.update(frame) for _ in range(30)] == [None] * 30
    assert detector.calls == 3 + 9  # each of 3 eager frames, then every third of 27


def test_faint_faces_are_not_believed() -> None:
    faint = FACE._replace(confidence=0.3)
    assert FaceTracker(ScriptedDetector([faint])).update(_textured()) is None

"""One face is followed: the largest at first, and then the same one."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_encoder.crop import FaceTracker, TrackingConfig
from narrowcast_encoder.detection import Box, FaceDetector, ReducedFrame, reduce

Image = NDArray[np.uint8]
Images = Callable[[str], list[Image]]


@pytest.mark.data
def test_the_largest_face_is_followed(clip_images: Images, detector: FaceDetector) -> None:
    frame = reduce(clip_images("multi_face.jpg")[0])
    faces = detector.detect(frame.image)
    assert len(faces) == 5
    followed = FaceTracker(detector).update(frame)
    assert followed == max(faces, key=lambda face: face.area)


@pytest.mark.data
@pytest.mark.parametrize("top", [60, 180], ids=["in front of it", "below it"])
def test_a_larger_face_that_passes_is_not_followed(
    top: int, clip_images: Images, detector: FaceDetector
) -> None:
    """1. A face alone. 2. One 1.3 times as large passes. 3. The first is still the one."""
    tracker = FaceTracker(detector)
    places = []
    for image in _passing(clip_images, top):
        frame = reduce(image)
        box = tracker.update(frame)
        if box is not None:
            places.append(np.divide(box.centre, frame.scale))
    first = places[0]
    assert np.linalg.norm(np.subtract(places, first), axis=1).max() < 60  # px; the face is 200
    assert len(places) > 100  # of 156: seen again as soon as it is uncovered


def _passing(clip_images: Images, top: int) -> Iterator[Image]:
    followed = clip_images("smile_single.mp4")[:10]
    other = clip_images("grid_pwij3p.mpg")[0][40:260, 70:260]
    other = np.asarray(cv2.resize(other, None, fx=1.7, fy=1.7), np.uint8)
    height, width = other.shape[:2]
    for index in range(156):
        canvas = np.full((480, 1400, 3), 128, np.uint8)
        canvas[60:420, 400:1040] = followed[index % 10]
        left = 12 * (index - 8)
        if 0 <= left <= 1400 - width:
            bottom = min(top + height, 480)
            canvas[top:bottom, left : left + width] = other[: bottom - top]
        yield canvas


@pytest.mark.data
def test_a_face_that_jumps_is_taken_up_at_once(clip_images: Images, detector: FaceDetector) -> None:
    """A cut, or a frame rate so low that the head moves by its width between two frames."""
    image = clip_images("smile_single.mp4")[0]
    mirrored = np.ascontiguousarray(image[:, ::-1])
    tracker = FaceTracker(detector)
    assert all(tracker.update(reduce(view)) is not None for view in (image, mirrored) * 4)


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

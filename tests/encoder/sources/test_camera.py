"""Cameras: the errors without one, and a capture device that ends."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from narrowcast_encoder.sources import open_source
from narrowcast_encoder.sources.camera import CameraSource
from narrowcast_shared.errors import SourceError

MakeVideo = Callable[[str, Sequence[int]], Path]


@pytest.mark.parametrize("spec", ["97", "/dev/video97", "/dev/v4l/by-id/none"])
def test_a_camera_that_does_not_exist(spec: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match=rf"camera {spec} .*: ") as caught:
        open_source(spec)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def capture(make_video: MakeVideo) -> cv2.VideoCapture:
    """A real capture object: three pictures, and then read() fails as on a pulled cable."""
    return cv2.VideoCapture(str(make_video("clip.avi", [0, 40, 80])))


def test_a_camera_that_vanishes(capture: cv2.VideoCapture) -> None:
    ticks = iter([5.0, 6.0, 7.0, 8.0])
    source = CameraSource(capture, "camera 0", lambda: next(ticks))
    assert source.live
    assert [next(source).t_s for _ in range(3)] == [5.0, 6.0, 7.0]
    with pytest.raises(SourceError, match="camera 0 gives no more pictures: check"):
        next(source)
    assert not capture.isOpened()
    assert list(source) == []


class Driver:
    """A V4L2 camera as OpenCV shows it: frames wait in it until they are read, with their times.

    Stands in for a device, which machines that run tests do not have.
    """

    def __init__(self, *, tells_time: bool = True) -> None:
        self.now_s = 1000.0
        self.buffered: list[float] = []
        self.tells_time = tells_time
        self.read_s = 0.0

    def clock(self) -> float:
        """Unix time; the driver's clock is the machine's monotonic one."""
        return self.now_s + 1.7e9

    def wait(self, for_s: float) -> None:
        """Nobody reads: four frames fit, the newer ones are dropped."""
        first = math.ceil(self.now_s / 0.04) * 0.04
        self.buffered += [first + 0.04 * n for n in range(4 - len(self.buffered))]
        self.now_s += for_s

    def read(self) -> tuple[bool, np.ndarray]:  # type: ignore[type-arg]
        if self.buffered:
            self.read_s = self.buffered.pop(0)
        else:
            self.read_s = math.floor(self.now_s / 0.04 + 1.001) * 0.04
            self.now_s = self.read_s + 0.005
        return True, np.zeros((4, 4, 3), np.uint8)

    def get(self, _: int) -> float:
        return 1e3 * self.read_s if self.tells_time else 0.0

    def getBackendName(self) -> str:  # noqa: N802 - OpenCV's name
        return "V4L2"

    def release(self) -> None:
        pass


def test_what_lay_in_the_driver_is_left_out_at_first_and_skipped_later() -> None:
    driver = Driver()
    driver.wait(30.0)
    source = CameraSource(driver, "camera 0", driver.clock)  # type: ignore[arg-type]
    frames = [next(source) for _ in range(50)]
    assert not any(frame.old for frame in frames)
    for before, after in pairwise(frames):
        assert after.t_s - before.t_s == pytest.approx(0.04, abs=1e-3)
    assert frames[-1].t_s == pytest.approx(driver.read_s + 1.7e9, abs=0.01)
    stopped_s = driver.clock()
    driver.wait(12.0)
    behind = [next(source) for _ in range(10)]
    assert [frame.old for frame in behind] == [True] * 4 + [False] * 6
    assert all(frame.t_s < stopped_s + 0.2 for frame in behind[:4])
    assert behind[-1].t_s == pytest.approx(driver.read_s + 1.7e9, abs=0.01)


def test_a_driver_that_tells_no_time_is_stamped_as_it_is_read() -> None:
    driver = Driver(tells_time=False)
    source = CameraSource(driver, "camera 0", driver.clock)  # type: ignore[arg-type]
    for _ in range(10):
        assert next(source).t_s == driver.clock()


def test_closing_lets_go_of_the_device(capture: cv2.VideoCapture) -> None:
    with CameraSource(capture, "camera 0", lambda: 0.0) as source:
        assert next(source).image.shape == (64, 96, 3)
    assert not capture.isOpened()
    assert list(source) == []

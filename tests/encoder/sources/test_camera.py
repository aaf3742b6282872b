"""Cameras: the errors without one, and a capture device that ends."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
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


def test_closing_lets_go_of_the_device(capture: cv2.VideoCapture) -> None:
    with CameraSource(capture, "camera 0", lambda: 0.0) as source:
        assert next(source).image.shape == (64, 96, 3)
    assert not capture.isOpened()
    assert list(source) == []

"""The crop's figures, and the command that prints them."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from click.testing import CliRunner
from numpy.typing import NDArray

from narrowcast_encoder.crop import Square, cut
from narrowcast_encoder.sources import sample
from narrowcast_lab.commands.bench_crop import crop
from narrowcast_lab.crop_report import CropMeter, step_px
from narrowcast_shared.operating_point import Rung


def test_a_step_is_measured_in_px_of_the_chip() -> None:
    held = Square(10, 20, 192)
    assert step_px(held, held) == 0
    assert step_px(held, Square(14, 20, 192)) == pytest.approx(2)
    assert step_px(held, Square(13, 24, 192)) == pytest.approx(2.5)


def test_a_zoom_moves_the_corners_too() -> None:
    """Every corner by 2 px in x and in y, of 192: 2.83 px, half of that in px of the chip."""
    assert step_px(Square(10, 20, 192), Square(8, 18, 196)) == pytest.approx(2**0.5)


class ScriptedCrop:
    """Cuts the squares of a script."""

    def __init__(self, *script: Square | None) -> None:
        self._script = iter(script)
        self.square: Square | None = None

    def chip(self, image: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        self.square = next(self._script)
        return None if self.square is None else cut(image, self.square)


def test_steps_are_counted_between_neighbours_only() -> None:
    """Frames 2, 3 and 6 follow a frame with a face; of these steps two are none."""
    still, moved = Square(0, 0, 96), Square(6, 0, 96)
    meter = CropMeter(ScriptedCrop(still, still, moved, None, still, still), Rung(32, 30))
    image = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    for _ in range(6):
        meter.add(image)
    figures = meter.tally.figures()
    assert (figures.frames, figures.face_share) == (6, 5 / 6)
    assert figures.moved_share == pytest.approx(1 / 3)
    assert figures.jitter_px == pytest.approx((6**2 / 3) ** 0.5)
    assert len(meter.tally.unit_bytes) == 4  # five chips, the keyframe left out
    assert figures.unit_bytes == pytest.approx(np.mean(meter.tally.unit_bytes))


@pytest.fixture
def still_face(tmp_path: Path) -> Path:
    """Two seconds of a smiling woman who holds still before a camera with noise."""
    picture = cv2.imread(str(sample.picture_path()))
    assert picture is not None
    rng = np.random.default_rng(0)
    path = tmp_path / "still.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"qp": "18"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 256, 256, "yuv420p"
        for _ in range(50):
            noisy = picture[:256, 90:346] + rng.normal(0, 6, (256, 256, 3))
            image = noisy.clip(0, 255).astype(np.uint8)
            container.mux(stream.encode(VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def test_the_steady_crop_saves_bits_on_a_real_face(still_face: Path, tmp_path: Path) -> None:
    out = tmp_path / "crop.json"
    result = CliRunner().invoke(crop, [str(still_face), "--json", str(out)], catch_exceptions=False)
    assert result.exit_code == 0
    report = json.loads(out.read_text())
    assert report["rung"] == {"px": 32, "qp": 30}
    figures = report["clips"]["still.mp4"]
    assert figures["steady"]["face_share"] >= 0.95
    assert figures["steady"]["moved_share"] < 0.05
    assert figures["raw"]["moved_share"] > 0.5
    assert figures["bits_saved"] > 0.3
    assert figures["steady"]["cpu_ms"] < figures["raw"]["cpu_ms"]
    assert report["all"] == figures
    assert f"{figures['bits_saved']:.1%}" in result.output

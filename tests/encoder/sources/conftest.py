"""Small videos and pictures, made here."""

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

TIME_BASE = Fraction(1, 1000)

MakeVideo = Callable[[str, Sequence[int]], Path]


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    """`make_video(name, times_ms)`: 96x64, a white column that moves on from frame to frame."""

    def make(name: str, times_ms: Sequence[int]) -> Path:
        _write(tmp_path / name, times_ms, {})
        return tmp_path / name

    return make


@pytest.fixture
def make_fragmented(tmp_path: Path) -> MakeVideo:
    """As `make_video`, an MP4 in fragments: what cameras and DASH write."""

    def make(name: str, times_ms: Sequence[int]) -> Path:
        _write(tmp_path / name, times_ms, {"movflags": "frag_keyframe+empty_moov"})
        return tmp_path / name

    return make


@pytest.fixture
def make_pipe_file(make_video: MakeVideo) -> MakeVideo:
    """As `make_video`, by a writer who cannot go back, as MediaRecorder: without a duration."""

    def make(name: str, times_ms: Sequence[int]) -> Path:
        path = make_video(name, times_ms)
        written = io.BytesIO()
        with av.open(str(path)) as source, av.open(_Pipe(written), "w", "matroska") as target:
            video = source.streams.video[0]
            copy = target.add_stream_from_template(video)
            for packet in source.demux(video):
                if packet.dts is not None:
                    packet.stream = copy
                    target.mux(packet)
        path.write_bytes(written.getvalue())
        return path

    return make


class _Pipe:
    """What can only be written to."""

    def __init__(self, into: io.BytesIO) -> None:
        self.write = into.write


def _write(path: Path, times_ms: Sequence[int], options: dict[str, str]) -> None:
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("mpeg4", rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.time_base = TIME_BASE
        for index, time_ms in enumerate(times_ms):
            frame = VideoFrame.from_ndarray(_picture(index), format="bgr24")
            frame.pts, frame.time_base = time_ms, TIME_BASE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture
def make_picture(tmp_path: Path) -> Callable[[str], Path]:
    """`make_picture(name)`: 512x512, noise."""

    def make(name: str) -> Path:
        path = tmp_path / name
        noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)
        assert cv2.imwrite(str(path), noise)
        return path

    return make


def _picture(index: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image = np.zeros((64, 96, 3), np.uint8)
    image[:, 8 * index % 96 : 8 * index % 96 + 8] = 255
    return image

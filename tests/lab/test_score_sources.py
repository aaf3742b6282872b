"""Scores of one face, however its picture was stored: as many ways as the field had.

The face is the astronaut of scikit-image (NASA, public domain). The files of the data sets' `field`
folder, which went wrong in a trial, are scored as well where they are.
"""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import fmean

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image as Pillow
from skimage import data

from narrowcast_encoder.detection import make_detector
from narrowcast_encoder.session.settings import StreamSettings
from narrowcast_lab.score import Scorer
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.samples import Sample

Image = NDArray[np.uint8]

FIELD = Path(os.environ.get("NARROWCAST_DATA", "")) / "field"
WITHIN = 0.1
SECRET = "s3cr3t"
FRAMES = 10


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    try:
        detector = make_detector()
    except SettingsError as error:
        pytest.skip(f"no face detector is installed: {error}")
    return Scorer(Recogniser.load("oa"), detector, StreamSettings())


@pytest.fixture(scope="module")
def valence(scorer: Scorer) -> Callable[[str], float]:
    """Mean valence of a file, every frame of which shows a face."""

    def mean(path: str) -> float:
        samples = list(scorer.score(path, "face"))
        read = [sample.valence for sample in samples if sample.valence is not None]
        assert len(read) == len(samples) > 0
        assert samples[0].t == 0
        return fmean(read)

    return mean


@pytest.fixture(scope="module")
def face() -> Image:
    """uint8 [384, 384, 3], BGR: a smiling woman, her face above the middle."""
    return np.ascontiguousarray(data.astronaut()[:384, 32:416, ::-1])


@pytest.fixture(scope="module")
def reference(
    face: Image, valence: Callable[[str], float], tmp_path_factory: pytest.TempPathFactory
) -> float:
    path = tmp_path_factory.mktemp("reference") / "face.mp4"
    write_video(path, face)
    found = valence(str(path))
    assert found > 0.7
    return found


def write_video(
    path: Path,
    image: Image,
    *,
    aspect: Fraction | None = None,
    matrix: Sequence[int] | None = None,
    start_s: int = 0,
) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "16"})
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = "yuv420p"
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if matrix is not None:
            a, b, c, d = (turn << 16 for turn in matrix)
            stream.set_display_matrix((a, b, 0, c, d, 0, 0, 0, 1 << 30))
        for index in range(FRAMES):
            frame = VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = 25 * start_s + index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("aspect", [(64, 45), (4, 3), (8, 9), (1, 2), (3, 1)], ids=str)
def test_pixels_that_are_not_square(
    aspect: tuple[int, int],
    face: Image,
    reference: float,
    valence: Callable[[str], float],
    tmp_path: Path,
) -> None:
    wide = Fraction(*aspect)
    size = (round(384 / wide / 2) * 2, 384) if wide > 1 else (384, round(384 * wide / 2) * 2)
    squeezed = np.asarray(cv2.resize(face, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    write_video(tmp_path / "clip.mp4", squeezed, aspect=wide)
    assert valence(str(tmp_path / "clip.mp4")) == pytest.approx(reference, abs=WITHIN)


@pytest.mark.parametrize(
    ("matrix", "as_stored"),
    [
        ((1, 0, 0, -1), lambda face: face[::-1]),
        ((-1, 0, 0, -1), lambda face: face[::-1, ::-1]),
        ((0, 1, -1, 0), np.rot90),
        ((0, 1, 1, 0), lambda face: face.transpose(1, 0, 2)),
    ],
    ids=["upside down and mirrored", "upside down", "turned", "turned and mirrored"],
)
def test_a_camera_that_was_turned(
    matrix: Sequence[int],
    as_stored: Callable[[Image], Image],
    face: Image,
    reference: float,
    valence: Callable[[str], float],
    tmp_path: Path,
) -> None:
    write_video(tmp_path / "clip.mp4", np.ascontiguousarray(as_stored(face)), matrix=matrix)
    assert valence(str(tmp_path / "clip.mp4")) == pytest.approx(reference, abs=WITHIN)


def test_a_picture_that_exif_turns(
    face: Image, reference: float, valence: Callable[[str], float], tmp_path: Path
) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 4  # mirrored top to bottom
    Pillow.fromarray(face[::-1, :, ::-1]).save(tmp_path / "face.jpg", exif=exif, quality=95)
    assert valence(str(tmp_path / "face.jpg")) == pytest.approx(reference, abs=WITHIN)


def test_a_transport_stream_that_begins_late(
    face: Image, reference: float, valence: Callable[[str], float], tmp_path: Path
) -> None:
    write_video(tmp_path / "clip.ts", face, start_s=5000)
    assert valence(str(tmp_path / "clip.ts")) == pytest.approx(reference, abs=WITHIN)


@contextmanager
def serving(folder: Path, *, sized: bool) -> Iterator[str]:
    """The files of a folder over HTTP, with their size or without. Gives host:port."""
    kind = SizedFiles if sized else EndlessFiles
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(kind, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class SizedFiles(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


class EndlessFiles(SizedFiles):
    """Sends a file as a live stream is sent: without its size, until it hangs up."""

    def send_header(self, keyword: str, value: str) -> None:
        if keyword.lower() != "content-length":
            super().send_header(keyword, value)


@pytest.mark.parametrize("sized", [True, False], ids=["a file on a server", "a stream"])
@pytest.mark.parametrize("name", ["clip.ts", "recorded.webm", "camera.mjpg"])
def test_a_url_without_a_duration(
    name: str,
    sized: bool,
    face: Image,
    reference: float,
    valence: Callable[[str], float],
    tmp_path: Path,
) -> None:
    (tmp_path / name).write_bytes(without_duration(name, face))
    with serving(tmp_path, sized=sized) as host:
        found = valence(f"http://{host}/{name}")
    assert found == pytest.approx(reference, abs=WITHIN)


def without_duration(name: str, image: Image) -> bytes:
    """As a transport stream, as MediaRecorder's WebM, or as a camera's JPEG pictures."""
    if name.endswith(".mjpg"):
        jpeg = cv2.imencode(".jpg", image)[1].tobytes()
        head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
        return FRAMES * (head + jpeg + b"\r\n")
    written = io.BytesIO()
    with av.open(Pipe(written), "w", "mpegts" if name.endswith(".ts") else "matroska") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "16"})
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = "yuv420p"
        for index in range(FRAMES):
            frame = VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = 500 + index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return written.getvalue()


class Pipe:
    """What can only be written to."""

    def __init__(self, into: io.BytesIO) -> None:
        self.write = into.write


def test_score_never_shows_a_password(face: Image, tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", face)
    with serving(tmp_path, sized=True) as host:
        url = f"http://me:{SECRET}@{host}/clip.mp4?token={SECRET}"
        scored = run("score", url, "--json", "--baseline", "5s", "-vv")
        missing = run("score", url.replace("clip", "none"), "-vv")
    for ended in (scored, missing):
        assert SECRET not in ended.stdout + ended.stderr
    assert scored.returncode == 0, scored.stderr
    assert missing.returncode != 0
    samples = [Sample.model_validate_json(line) for line in scored.stdout.splitlines()]
    assert {sample.session for sample in samples} == {"clip"}
    assert f"http://{host}/none.mp4?... cannot be opened" in missing.stderr


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "narrowcast_shared", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def field_files() -> list[str]:
    """All smiles but the one that is rolled: that is the detector's business."""
    names = sorted(path.name for path in FIELD.glob("smile*")) if FIELD.is_dir() else []
    return [name for name in names if "rolled" not in name] or ["smile.mp4"]


@pytest.mark.data
@pytest.mark.skipif(
    not FIELD.is_dir(), reason="NARROWCAST_DATA is not set: the test needs its field"
)
@pytest.mark.parametrize("name", field_files())
def test_every_smile_of_the_field_reads_alike(name: str, valence: Callable[[str], float]) -> None:
    wanted = valence(str(FIELD / "smile.mp4"))
    assert valence(str(FIELD / name)) == pytest.approx(wanted, abs=WITHIN)


@pytest.mark.data
@pytest.mark.skipif(
    not FIELD.is_dir(), reason="NARROWCAST_DATA is not set: the test needs its field"
)
def test_no_recording_of_the_field_is_said_to_be_cut_off(
    scorer: Scorer, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("starts_at_unix_time.mkv", "mediarecorder_no_duration.webm"):
        samples = list(scorer.score(str(FIELD / name), "face"))
        assert samples[0].t == 0
        assert samples[-1].t < 3
    assert not caplog.records

"""Upright, and with square pixels: whatever a file says of its pixels and of how it was held."""

import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageCms

from narrowcast_encoder.sources import open_source
from narrowcast_encoder.sources.picture import square_size
from narrowcast_shared.errors import SourceError

from . import heif

Image = NDArray[np.uint8]

ONE = 1 << 16
MATRICES = {  # a, b, c, d of the matrix that makes it upright, by EXIF's number of the orientation
    1: (ONE, 0, 0, ONE),
    2: (-ONE, 0, 0, ONE),
    3: (-ONE, 0, 0, -ONE),
    4: (ONE, 0, 0, -ONE),
    5: (0, ONE, ONE, 0),
    6: (0, ONE, -ONE, 0),
    7: (0, -ONE, -ONE, 0),
    8: (0, -ONE, ONE, 0),
}
HEIF_BOXES = {  # the same, counter-clockwise turns first and then the mirror
    1: (),
    2: (heif.imir(1),),
    3: (heif.irot(2),),
    4: (heif.imir(0),),
    5: (heif.irot(3), heif.imir(1)),
    6: (heif.irot(3),),
    7: (heif.irot(1), heif.imir(1)),
    8: (heif.irot(1),),
}


@pytest.fixture
def picture() -> Image:
    """uint8 [128, 192, 3], smooth, and unlike itself in any other orientation."""
    y, x = np.mgrid[0:128, 0:192]
    channels = (x * 255 // 191, y * 255 // 127, np.where((x < 96) & (y < 64), 230, 40))
    image = np.stack(channels, axis=-1).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(image, (15, 15), 4), dtype=np.uint8)


def held(image: Image, number: int) -> Image:
    """As the camera stores it that tells this orientation of EXIF."""
    stored = {
        1: image,
        2: image[:, ::-1],
        3: image[::-1, ::-1],
        4: image[::-1],
        5: image.transpose(1, 0, 2),
        6: np.rot90(image),
        7: image[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(image, -1),
    }
    return np.ascontiguousarray(stored[number])


def write_video(
    path: Path,
    image: Image,
    *,
    aspect: Fraction | None = None,
    matrix: Sequence[int] | None = None,
    codec: str = "libx264",
) -> None:
    """Three frames of one picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 8_000_000
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if matrix is not None:
            a, b, c, d = matrix
            stream.set_display_matrix((a, b, 0, c, d, 0, 0, 0, 1 << 30))
        for index in range(3):
            frame = VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def looks_like(found: Image, wanted: Image) -> bool:
    assert found.shape == wanted.shape
    return float(np.abs(found.astype(int) - wanted).mean()) < 8


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
@pytest.mark.parametrize("number", MATRICES)
def test_a_video_comes_upright(number: int, name: str, tmp_path: Path, picture: Image) -> None:
    write_video(tmp_path / name, held(picture, number), matrix=MATRICES[number])
    with open_source(str(tmp_path / name)) as source:
        frames = list(source)
    assert len(frames) == 3
    assert all(looks_like(frame.image, picture) for frame in frames)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp"])
@pytest.mark.parametrize("number", MATRICES)
def test_a_picture_comes_upright(number: int, suffix: str, tmp_path: Path, picture: Image) -> None:
    path = tmp_path / f"face.{suffix}"
    exif = Pillow.Exif()
    exif[0x0112] = number  # orientation (EXIF 2.32, 4.6.4 A)
    Pillow.fromarray(held(picture, number)[..., ::-1]).save(path, exif=exif)
    (frame,) = open_source(str(path))
    assert looks_like(frame.image, picture)


@pytest.mark.parametrize("coding", [heif.AVIF, heif.HEIC], ids=["avif", "heic"])
@pytest.mark.parametrize("number", HEIF_BOXES)
def test_a_heif_picture_comes_upright(
    number: int, coding: heif.Coding, tmp_path: Path, picture: Image
) -> None:
    path = tmp_path / "face.heif"
    heif.write(path, held(picture, number), coding, 1, 1, *HEIF_BOXES[number])
    (frame,) = open_source(str(path))
    assert looks_like(frame.image, picture)


@pytest.mark.parametrize(
    ("rows", "columns", "number"), [(2, 2, 1), (1, 3, 1), (2, 1, 1), (2, 2, 6), (1, 2, 5)]
)
@pytest.mark.parametrize("coding", [heif.AVIF, heif.HEIC], ids=["avif", "heic"])
def test_all_tiles_of_a_picture_are_read(
    coding: heif.Coding, rows: int, columns: int, number: int, tmp_path: Path, picture: Image
) -> None:
    path = tmp_path / "phone.heif"
    larger = np.asarray(cv2.resize(picture, None, fx=3, fy=3), dtype=np.uint8)
    stored = held(larger, number)
    heif.write(path, stored, coding, rows, columns, *HEIF_BOXES[number])
    cut = stored[: -heif.CUT_PX, : -heif.CUT_PX]
    upright = {1: cut, 5: cut.transpose(1, 0, 2), 6: np.rot90(cut, -1)}[number]
    (frame,) = open_source(str(path))
    assert looks_like(frame.image, upright)


def test_a_tiled_picture_that_is_damaged_is_refused(tmp_path: Path, picture: Image) -> None:
    path = tmp_path / "phone.heic"
    heif.write(path, picture, heif.HEIC, 1, 2)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 4])
    with pytest.raises(SourceError, match=r"phone\.heic .* convert it to JPEG or PNG") as caught:
        open_source(str(path))
    assert "\n" not in str(caught.value)


def test_a_tiled_picture_is_replayed_as_any_other(tmp_path: Path, picture: Image) -> None:
    path = tmp_path / "phone.avif"
    heif.write(path, picture, heif.AVIF, 1, 2)
    with open_source(str(path), loop=True) as source:
        times = [next(source).t_s for _ in range(3)]
    assert times == pytest.approx([0, 0.04, 0.08])
    assert list(source) == []


ASPECTS = [(64, 45), (16, 15), (8, 9), (4, 3), (3, 4), (2, 1), (1, 2), (10, 11), (7, 1), (1, 7)]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts"])
@pytest.mark.parametrize("aspect", [Fraction(*aspect) for aspect in ASPECTS], ids=str)
def test_pixels_come_square(aspect: Fraction, name: str, tmp_path: Path, picture: Image) -> None:
    height, width = picture.shape[:2]
    squeezed = cv2.resize(picture, (2 * round(width / aspect / 2), height))
    if aspect < 1:
        squeezed = cv2.resize(picture, (width, 2 * round(height * aspect / 2)))
    write_video(tmp_path / name, np.asarray(squeezed, dtype=np.uint8), aspect=aspect)
    with open_source(str(tmp_path / name)) as source:
        frames = list(source)
    for frame in frames:
        found_height, found_width = frame.image.shape[:2]
        assert found_width / found_height == pytest.approx(width / height, rel=0.05)
        whole = np.asarray(cv2.resize(frame.image, (width, height)), dtype=np.uint8)
        assert np.abs(whole.astype(int) - picture).mean() < 12


def test_an_aspect_that_changes_on_the_way_is_followed(tmp_path: Path, picture: Image) -> None:
    """Broadcasts change between 4:3 and 16:9 without a new file."""
    parts = [(tmp_path / "a.ts", Fraction(8, 9)), (tmp_path / "b.ts", Fraction(32, 27))]
    for path, aspect in parts:
        write_video(path, picture, aspect=aspect, codec="mpeg2video")
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(path.read_bytes() for path, _ in parts))
    with open_source(str(joined)) as source:
        shapes = [frame.image.shape[:2] for frame in source]
    assert shapes[0] == (144, 192)
    assert shapes[-1] == (128, 228)


def test_pixels_are_squared_before_the_picture_is_turned(tmp_path: Path, picture: Image) -> None:
    squeezed = np.asarray(cv2.resize(held(picture, 6), (64, 192)), dtype=np.uint8)
    path = tmp_path / "phone.mp4"
    write_video(path, squeezed, aspect=Fraction(2), matrix=MATRICES[6])
    with open_source(str(path)) as source:
        assert looks_like(next(source).image, picture)


def test_an_aspect_that_no_camera_has_is_told_and_left_alone(
    tmp_path: Path, picture: Image, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "odd.mp4"
    write_video(path, picture, aspect=Fraction(50))
    with open_source(str(path)) as source:
        assert all(frame.image.shape == picture.shape for frame in source)
    assert caplog.messages == ["a pixel's aspect ratio of 50:1 is not credible: taken as square"]


@pytest.mark.parametrize(
    ("size", "aspect", "square"),
    [
        ((720, 576), Fraction(64, 45), (1024, 576)),
        ((720, 576), Fraction(16, 15), (768, 576)),
        ((720, 480), Fraction(8, 9), (720, 540)),
        ((1440, 1080), Fraction(4, 3), (1920, 1080)),
        ((640, 360), Fraction(1), (640, 360)),
        ((640, 360), Fraction(1001, 1000), (640, 360)),
        ((640, 360), None, (640, 360)),
        ((640, 360), Fraction(16), (5120, 180)),  # four times as large at most
        ((640, 360), Fraction(1, 16), (320, 2880)),
        ((640, 360), Fraction(17), (640, 360)),
        ((1, 1), Fraction(1, 16), (1, 8)),
    ],
)
def test_the_size_with_square_pixels(
    size: tuple[int, int], aspect: Fraction | None, square: tuple[int, int]
) -> None:
    assert square_size(*size, aspect) == square


def test_a_picture_with_a_colour_profile_ends_no_process(tmp_path: Path) -> None:
    """PyAV freed the profile's metadata twice; the garbage collector found out."""
    path = tmp_path / "profiled.png"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Pillow.fromarray(np.full((64, 96, 3), 128, np.uint8)).save(path, icc_profile=profile)
    program = (
        "import gc, sys\n"
        "from narrowcast_encoder.sources import open_source\n"
        "with open_source(sys.argv[1]) as source:\n"
        "    images = [frame.image for frame in source]\n"
        "for _ in range(20): gc.collect()\n"
        "print(len(images), images[0].shape)\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "1 (64, 96, 3)\n"), ended.stderr

"""HDR video beside ordinary video of the same frames, and the curves between them."""

from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc
from av.video.stream import VideoStream
from numpy.typing import NDArray

from narrowcast_encoder.sources import hdr, open_source

Image = NDArray[np.uint8]
Light = NDArray[np.float64]

BT2020 = 9
LIMITED, FULL = 1, 2
BT2020_FROM_BT709 = np.array(  # BT.2087, 4
    [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
)


class Kind(NamedTuple):
    transfer: ColorTrc
    codec: str
    pixel_format: str
    suffix: str


KINDS = {
    "PQ, HEVC": Kind(ColorTrc.SMPTE2084, "libx265", "yuv420p10le", "mp4"),
    "HLG, HEVC": Kind(ColorTrc.ARIB_STD_B67, "libx265", "yuv420p10le", "mp4"),
    "PQ, AV1": Kind(ColorTrc.SMPTE2084, "libsvtav1", "yuv420p10le", "mkv"),
    "HLG, FFV1": Kind(ColorTrc.ARIB_STD_B67, "ffv1", "yuv444p16le", "mkv"),
}

OPTIONS = {
    "libx265": {"crf": "4", "x265-params": "log-level=none:bframes=0"},
    "libsvtav1": {"crf": "10", "preset": "8"},
    "ffv1": {},
}


@pytest.fixture
def picture() -> Image:
    """uint8 [96, 128, 3]: a gray ramp, and patches of skin and of plain colours below it."""
    image = np.zeros((96, 128, 3), np.uint8)
    image[:48] = np.linspace(0, 255, 128).astype(np.uint8)[None, :, None]
    patches = [(130, 160, 220), (60, 90, 140), (200, 205, 235), (60, 120, 60)]
    for place, patch in enumerate(patches):
        image[48:, 32 * place : 32 * place + 32] = patch
    return image


def pq(nits: Light) -> Light:
    """BT.2100, table 4, written down once more."""
    power = (nits / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg(nits: Light) -> Light:
    """BT.2100, table 5, for a display of 1000 cd/m2: the inverse OOTF, then the OETF."""
    luma = np.maximum(nits @ [0.2627, 0.6780, 0.0593] / 1000, 1e-9)[..., None]
    scene = nits / 1000 * luma ** (1 / 1.2 - 1)
    upper = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), upper)


def write_hdr(path: Path, image: Image, kind: Kind, white_nits: float) -> None:
    """Two frames of the picture, by BT.2408: a display of gamma 2.4, its white so bright."""
    shown = white_nits * (image[..., ::-1] / 255.0) ** 2.4 @ BT2020_FROM_BT709.T
    code = pq(shown) if kind.transfer is ColorTrc.SMPTE2084 else hlg(shown)
    rgb = np.rint(65535 * np.clip(code, 0, 1)).astype(np.uint16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(kind.codec, rate=25, options=OPTIONS[kind.codec])
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = kind.pixel_format
        context = stream.codec_context
        context.colorspace, context.color_range = BT2020, LIMITED
        context.color_trc, context.color_primaries = kind.transfer, ColorPrimaries.BT2020
        for index in range(2):
            frame = VideoFrame.from_ndarray(rgb, format="rgb48le").reformat(
                format=kind.pixel_format, dst_colorspace=BT2020, dst_color_range=LIMITED
            )
            frame.colorspace, frame.color_range = BT2020, LIMITED
            frame.color_trc, frame.color_primaries = kind.transfer, ColorPrimaries.BT2020
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def gray(image: Image) -> NDArray[np.int64]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.int64)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_hdr_looks_like_the_ordinary_video_it_was_made_of(
    kind: Kind, tmp_path: Path, picture: Image
) -> None:
    path = tmp_path / f"hdr.{kind.suffix}"
    write_hdr(path, picture, kind, hdr.WHITE_NITS)
    with open_source(str(path)) as source:
        frames = [frame.image for frame in source]
    assert len(frames) == 2
    for frame in frames:
        assert frame.shape == picture.shape
        assert frame.dtype == np.uint8
        dark = gray(picture) < 170  # below the knee
        off = np.abs(gray(frame) - gray(picture))
        assert off[dark].mean() < 4
        assert off.max() < 40  # white keeps a reserve for what is brighter
        patches = np.abs(frame[56:88].astype(int) - picture[56:88])[:, 8:24]
        assert patches.mean() < 8, "colours of BT.2020 came as those of BT.709"


def test_a_bright_grade_keeps_its_order(tmp_path: Path, picture: Image) -> None:
    """White at 1000 cd/m2: compressed, and not cut off."""
    path = tmp_path / "bright.mp4"
    write_hdr(path, picture, KINDS["PQ, HEVC"], 1000)
    with open_source(str(path)) as source:
        ramp = gray(next(source).image)[8:40].mean(axis=0)
    assert np.all(np.diff(ramp) > -1.5)
    assert ramp[64] < 235  # 190 cd/m2
    assert ramp[80] < 250  # 330 cd/m2, far above what ordinary video calls white
    assert ramp[127] > 250


def test_a_large_hdr_picture_is_reduced(tmp_path: Path, picture: Image) -> None:
    path = tmp_path / "large.mp4"
    large = np.asarray(cv2.resize(picture, (1920, 1080)), dtype=np.uint8)
    write_hdr(path, large, KINDS["PQ, HEVC"], 203)
    with open_source(str(path)) as source:
        assert next(source).image.shape == (720, 1280, 3)


def test_light_below_the_knee_is_kept_and_the_peak_becomes_white() -> None:
    nits = np.array([0, 1, 50, 90, 203, 500, 1000])
    mapped = hdr.tone_mapped_nits(nits)
    assert mapped[:4] == pytest.approx(nits[:4], rel=0.01, abs=1e-6)
    assert np.all(np.diff(mapped) > 0)
    assert mapped[-1] == pytest.approx(hdr.WHITE_NITS, rel=1e-3)


def test_pq_is_what_bt_2100_says() -> None:
    # BT.2408, table 1: 203 cd/m2 at 58 %; BT.2100: full scale at 10,000.
    assert hdr.pq_nits(np.array([0.0, 0.58, 1.0])) == pytest.approx([0, 203, 10_000], rel=0.01)
    assert hdr.pq_code(hdr.pq_nits(np.array([0.1, 0.5, 0.9]))) == pytest.approx([0.1, 0.5, 0.9])


COLOURS = {"601": (0.299, 0.114, 5), "709": (0.2126, 0.0722, 1), "2020": (0.2627, 0.0593, 9)}


@pytest.mark.parametrize("colour_range", [LIMITED, FULL], ids=["limited", "full"])
@pytest.mark.parametrize("matrix", COLOURS)
@pytest.mark.parametrize("size", [(96, 64), (1280, 720)])
def test_ordinary_colours_by_their_matrix_and_range(
    size: tuple[int, int], matrix: str, colour_range: int, tmp_path: Path
) -> None:
    check_colours(tmp_path / "clip.mkv", size, matrix, colour_range, told=True)


@pytest.mark.parametrize(("size", "matrix"), [((96, 64), "601"), ((1280, 720), "709")])
def test_a_matrix_that_is_not_told_goes_by_the_size(
    size: tuple[int, int], matrix: str, tmp_path: Path
) -> None:
    check_colours(tmp_path / "clip.mkv", size, matrix, LIMITED, told=False)


def check_colours(
    path: Path, size: tuple[int, int], matrix: str, colour_range: int, *, told: bool
) -> None:
    """Write four colours as Y'CbCr without loss, and have them back."""
    width, height = size
    colours = [(255, 255, 255), (220, 160, 130), (200, 30, 30), (30, 60, 200)]
    red, blue, code = COLOURS[matrix]
    rgb = np.repeat(np.array(colours), width // 4, axis=0) / 255  # [W, 3]
    luma = rgb @ [red, 1 - red - blue, blue]
    chroma = [(rgb[:, 2] - luma) / (2 - 2 * blue), (rgb[:, 0] - luma) / (2 - 2 * red)]
    rows = [16 + 219 * luma, *(128 + 224 * plane for plane in chroma)]
    if colour_range == FULL:
        rows = [255 * luma, *(128 + 255 * plane for plane in chroma)]
    planes = [np.broadcast_to(np.rint(row).clip(0, 255), (height, width)) for row in rows]
    frame = VideoFrame.from_ndarray(np.stack(planes).astype(np.uint8), format="yuv444p")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p"
        if told:
            stream.codec_context.colorspace = frame.colorspace = code
        stream.codec_context.color_range = frame.color_range = colour_range
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    (found,) = open_source(str(path))
    for place, colour in enumerate(colours):
        seen = found.image[height // 2, width * (2 * place + 1) // 8, ::-1].astype(int)
        assert np.abs(seen - colour).max() <= 3

"""A decoded frame made into the image that a person would see.

Three things stand between the pixels of a file and that image. Pixels may not be square (DVDs, HDV,
anamorphic lenses): the sample aspect ratio says how wide one is, and the image is stretched. The
camera may have been turned, or its picture mirrored: the display matrix says so, into which FFmpeg
also makes the orientations of EXIF and HEIF. And code values mean different colours: by matrix and
range, which FFmpeg converts, and by the transfer of HDR, which `hdr` maps. What comes out is BGR,
upright, with square pixels and of ordinary dynamic range.
"""

import logging
import math
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple, cast

import cv2
import numpy as np
from av.error import FFmpegError
from av.filter import Graph
from av.sidedata.sidedata import SideDataContainer, Type
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from narrowcast_encoder.sources import hdr
from narrowcast_shared.errors import SourceError

logger = logging.getLogger(__name__)

SQUARE_WITHIN = 0.01
"""A pixel that is square to 1 % is left alone: stretching costs more than that is worth."""

MAX_ASPECT = 16.0
"""No camera has pixels longer than this: a file that says so is mistaken, and is shown as it is.
Half of PAL's lines at 16:9 make 2.8."""

MAX_GROWTH = 4.0
"""Stretching makes no picture more than this many times as large; beyond, it also shrinks."""

HDR_MAX_SIDE_PX = 1280
"""HDR is mapped at this size at most: no face that is read needs more, and 4K would take 0.2 s."""

# Pictures of more lines, or wider, are of HDTV or later: untold, their colours are BT.709's.
_SDTV_MAX_HEIGHT, _SDTV_MAX_WIDTH = 576, 1024
_UNTOLD = 2  # unspecified matrix coefficients (H.273, table 4)

# PyAV cannot list the side data of every frame. It refuses a type that it does not know, such as
# EXIF in FFmpeg 8. Of a type with metadata, such as a PNG's colour profile, it frees memory that
# FFmpeg frees as well, which ends the process. So all but the display matrix is taken off every
# frame before: the types that PyAV knows, and some more that FFmpeg has.
_OTHER_TYPES = [
    *(number for number, kind in enumerate(Type) if kind.name != "DISPLAYMATRIX"),
    *range(len(Type), len(Type) + 16),
]

Image = NDArray[np.uint8]


class Orientation(NamedTuple):
    """How a picture is made upright: transposed first, then flipped."""

    transpose: bool
    flip_x: bool
    flip_y: bool

    def upright(self, image: Image) -> Image:
        """uint8 [H, W, 3], or [W, H, 3] where it is transposed."""
        if self.transpose:
            image = np.asarray(cv2.transpose(image), dtype=np.uint8)
        if self.flip_x or self.flip_y:
            axes = -1 if self.flip_x and self.flip_y else int(self.flip_x)
            image = np.asarray(cv2.flip(image, axes), dtype=np.uint8)
        return image


def orientation(matrix: bytes) -> Orientation:
    """The one of the eight that is nearest to a display matrix (int32 [9], libavutil/display.h).

    It takes a pixel at (x, y) to (a x + c y, b x + d y), y pointing down.
    """
    a, b, _, c, d, *_ = np.frombuffer(matrix, np.int32).astype(np.int64)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(False, bool(a < 0), bool(d < 0))
    return Orientation(True, bool(c < 0), bool(b < 0))


def square_size(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """Width and height of the picture with square pixels. `aspect`: width by height of a pixel.

    The shorter side is stretched: no detail is lost, up to `MAX_GROWTH`. An aspect that is not
    told, or beyond `MAX_ASPECT`, counts as 1.
    """
    wide = float(aspect or 1)
    if abs(wide - 1) <= SQUARE_WITHIN or not 1 / MAX_ASPECT <= wide <= MAX_ASPECT:
        return width, height
    growth = max(wide, 1 / wide)
    shrink = math.sqrt(min(1.0, MAX_GROWTH / growth))
    scaled_width = width * max(wide, 1.0) * shrink
    scaled_height = height * max(1 / wide, 1.0) * shrink
    return max(1, round(scaled_width)), max(1, round(scaled_height))


class BgrPictures:
    """Makes images of the frames of one source. Keeps what is dear to set up for every frame."""

    def __init__(self, sample_aspect: Callable[[], Fraction | None]) -> None:
        """sample_aspect: tells the aspect of a pixel of the frame that was decoded last."""
        self._sample_aspect = sample_aspect
        self._reformatter = VideoReformatter()
        self._tone_mappers: dict[tuple[int, int], hdr.ToneMapper] = {}
        self._graph: Graph | None = None
        self._graph_for: tuple[object, ...] = ()
        self._odd_aspect_told = False

    def picture(self, frame: VideoFrame) -> Image:
        """uint8 [H, W, 3]. Raises SourceError where FFmpeg cannot convert the frame."""
        matrix = self._display_matrix(frame)
        try:
            image = self._converted(frame)
        except (FFmpegError, ValueError) as error:
            problem = f"pictures in the pixel format {frame.format.name} cannot be converted"
            raise SourceError(problem) from error
        return image if matrix is None else orientation(matrix).upright(image)

    def _converted(self, frame: VideoFrame) -> Image:
        width, height = square_size(frame.width, frame.height, self._aspect())
        if not hdr.is_hdr(frame.color_trc):
            return np.asarray(self._reformatted(frame, width, height, "bgr24"), dtype=np.uint8)
        # Shrunk first and mapped then: mapping is what costs.
        shrink = min(1.0, HDR_MAX_SIDE_PX / max(width, height))
        width, height = max(1, round(shrink * width)), max(1, round(shrink * height))
        kind = (frame.color_trc, frame.color_primaries)
        if kind not in self._tone_mappers:
            self._tone_mappers[kind] = hdr.ToneMapper(*kind)
        rgb = np.asarray(self._reformatted(frame, width, height, "rgb48le"), dtype=np.uint16)
        return np.ascontiguousarray(self._tone_mappers[kind].ordinary(rgb))

    def _reformatted(
        self, frame: VideoFrame, width: int, height: int, pixel_format: str
    ) -> NDArray[np.generic]:
        is_large = frame.height > _SDTV_MAX_HEIGHT or frame.width > _SDTV_MAX_WIDTH
        is_untold = frame.colorspace == _UNTOLD and not frame.format.is_rgb
        source = Colorspace.ITU709 if is_untold and is_large else None
        return self._reformatter.reformat(
            frame,
            width=width,
            height=height,
            format=pixel_format,
            src_colorspace=source,
            dst_color_range=ColorRange.JPEG,
        ).to_ndarray()

    def _aspect(self) -> Fraction | None:
        aspect = self._sample_aspect()
        if not aspect or 1 / MAX_ASPECT <= aspect <= MAX_ASPECT:
            return aspect
        if not self._odd_aspect_told:
            self._odd_aspect_told = True
            told = f"{aspect.numerator}:{aspect.denominator}"
            logger.warning("a pixel's aspect ratio of %s is not credible: taken as square", told)
        return None

    def _display_matrix(self, frame: VideoFrame) -> bytes | None:
        side_data = cast(SideDataContainer, self._with_matrix_alone(frame).side_data)
        return bytes(side_data["DISPLAYMATRIX"]) if "DISPLAYMATRIX" in side_data else None

    def _with_matrix_alone(self, frame: VideoFrame) -> VideoFrame:
        """The frame without any other side data."""
        kind = (frame.width, frame.height, frame.format.name)
        if self._graph is None or kind != self._graph_for:
            self._graph, self._graph_for = _filter_graph(frame), kind
        self._graph.push(frame)
        pulled = self._graph.pull()
        assert isinstance(pulled, VideoFrame)
        return pulled


def _filter_graph(frame: VideoFrame) -> Graph:
    graph = Graph()
    last = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base or Fraction(1, 1000),
    )
    for number in _OTHER_TYPES:
        deleting = graph.add("sidedata", f"mode=delete:type={number}")
        last.link_to(deleting)
        last = deleting
    sink = graph.add("buffersink")
    last.link_to(sink)
    graph.configure()
    return graph

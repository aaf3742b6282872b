"""Writes HEIF pictures, in one piece or of tiles, as phones do (ISO/IEC 23008-12, 6.6.2.3)."""

import io
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

Image = NDArray[np.uint8]

CUT_PX = 6


class Coding(NamedTuple):
    """How tiles are coded, and what boxes call that."""

    encoder: str
    options: dict[str, str]
    brand: bytes
    item: bytes
    configuration: bytes


AVIF = Coding("libsvtav1", {"crf": "10", "preset": "8"}, b"avif", b"av01", b"av1C")
HEIC = Coding(
    "libx265", {"crf": "4", "x265-params": "log-level=none:bframes=0"}, b"heic", b"hvc1", b"hvcC"
)


class Layout(NamedTuple):
    """Rows and columns of tiles, and the size of the picture that is cut out of them."""

    rows: int
    columns: int
    width: int
    height: int


def write(
    path: Path, image: Image, coding: Coding, rows: int, columns: int, *properties: bytes
) -> None:
    """`image`: uint8 [H, W, 3], BGR, its sides a multiple of the tiles'; of tiles it loses `CUT_PX`
    at the right and at the bottom. `properties`: boxes of the picture, such as `irot`.
    """
    cut_px = 0 if rows * columns == 1 else CUT_PX
    layout = Layout(rows, columns, image.shape[1] - cut_px, image.shape[0] - cut_px)
    bands = np.split(image, rows, axis=0)
    tiles = [tile for band in bands for tile in np.split(band, columns, axis=1)]
    coded = [_coded(tile, coding) for tile in tiles]
    grid = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, layout.width, layout.height)
    payloads = [data for data, _ in coded]
    if len(tiles) > 1:
        payloads.insert(0, grid)
    size = (tiles[0].shape[1], tiles[0].shape[0])
    kinds = _box(b"ftyp", coding.brand, bytes(4), b"mif1", b"miaf", coding.brand)
    start = 0
    for _ in range(2):  # offsets into the file are known once the boxes before it are
        meta = _meta(coding, layout, size, coded[0][1], properties, payloads, start)
        start = len(kinds) + len(meta) + 8
    path.write_bytes(kinds + meta + _box(b"mdat", *payloads))


def irot(quarter_turns: int) -> bytes:
    """Turn counter-clockwise (6.5.10)."""
    return _box(b"irot", bytes([quarter_turns]))


def imir(axis: int) -> bytes:
    """Mirror: 0 top to bottom, 1 left to right (6.5.12)."""
    return _box(b"imir", bytes([axis]))


def _coded(tile: Image, coding: Coding) -> tuple[bytes, bytes]:
    """One key frame and the decoder's configuration, out of an MP4 file in memory."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream(coding.encoder, rate=25, options=coding.options)
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = tile.shape[:2]
        stream.pix_fmt = "yuv420p"
        frame = VideoFrame.from_ndarray(tile, format="bgr24")
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as container:
        video = container.streams.video[0]
        packet = next(container.demux(video))
        return bytes(packet), bytes(video.codec_context.extradata or b"")


def _meta(
    coding: Coding,
    layout: Layout,
    tile: tuple[int, int],
    configuration: bytes,
    properties: Sequence[bytes],
    payloads: Sequence[bytes],
    start: int,
) -> bytes:
    number = len(payloads)
    tiles = range(2, number + 1)  # item 1 is the picture
    picture = b"grid" if number > 1 else coding.item
    items = [_infe(1, picture, hidden=False), *(_infe(n, coding.item, hidden=True) for n in tiles)]
    shared = [
        _full(b"ispe", struct.pack(">II", layout.width, layout.height)),
        _full(b"ispe", struct.pack(">II", *tile)),
        _box(coding.configuration, configuration),
        _full(b"pixi", bytes([3, 8, 8, 8])),
        *properties,
    ]
    turned = [0x80 | place for place in range(5, 5 + len(properties))]  # essential
    own = [1, 4, *turned] if number > 1 else [1, 0x83, 4, *turned]
    told = [struct.pack(">HB", 1, len(own)) + bytes(own)]
    told += [struct.pack(">HB", n, 3) + bytes([2, 0x83, 4]) for n in tiles]
    places, at = [], start
    for item, payload in enumerate(payloads, 1):
        places.append(struct.pack(">HHHII", item, 0, 1, at, len(payload)))
        at += len(payload)
    uses = [_box(b"dimg", struct.pack(f">HH{number - 1}H", 1, number - 1, *tiles))]
    return _full(
        b"meta",
        _full(b"hdlr", bytes(4), b"pict", bytes(13)),
        _full(b"pitm", struct.pack(">H", 1)),
        _full(b"iloc", struct.pack(">BBH", 0x44, 0, number), *places),
        _full(b"iinf", struct.pack(">H", number), *items),
        *([_full(b"iref", *uses)] if number > 1 else []),
        _box(
            b"iprp",
            _box(b"ipco", *shared),
            _full(b"ipma", struct.pack(">I", number), *told),
        ),
    )


def _infe(item: int, kind: bytes, *, hidden: bool) -> bytes:
    told = struct.pack(">HH", item, 0) + kind + b"\0"
    return _box(b"infe", bytes([2, 0, 0, int(hidden)]), told)


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + kind + content


def _full(kind: bytes, *parts: bytes) -> bytes:
    """A box with version 0 and no flags."""
    return _box(kind, bytes(4), *parts)

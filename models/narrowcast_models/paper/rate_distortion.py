"""Rate-distortion as in the paper (section 4.4): what CCC is left at what rate, factors x QP.

Each labelled face is set in motion for a few frames, as stills have no P frames, half of them
mirrored, and coded with x264: a keyframe, then P frames, the last of which is read. The rate is
that of the P frames, which is what a steady stream sends.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation.line_chart import Axis, Line, line_chart
from narrowcast_models.evaluation.reader import Reader
from narrowcast_models.networks.paper import Recognition
from narrowcast_models.paper import reader
from narrowcast_models.recogniser import CodedChip
from narrowcast_models.training import motion
from narrowcast_models.training.degrade import shrink
from narrowcast_models.training.motion import MotionConfig
from narrowcast_shared import metrics
from narrowcast_shared.codec import ChipDecoder, ChipEncoder
from narrowcast_shared.codec.encode import AccessUnit
from narrowcast_shared.operating_point import CHIP_PX, Rung
from narrowcast_shared.wire.cost import wire_bytes
from narrowcast_shared.wire.data import serialise_data
from narrowcast_shared.wire.messages import TICKS_PER_SECOND, Data, Frame, FrameKind

FPS = 25
FRAMES_PER_MESSAGE = 5
FRAMES = 4
"""Of a clip: a keyframe and three P frames."""

BATCH = 64
DIGITS = 4

STILL = MotionConfig(
    start_shift=0, start_zoom=0, start_turn_deg=0, max_gamma=1, max_slope=0, max_sharpening=0,
    occluded=0,
)  # fmt: skip
"""Framed and lit as the label saw it; it moves from frame to frame, and the sensor is noisy."""


class ValenceReader(Protocol):
    """Whatever reads valence: chips uint8 [B, px, px] of one coding to float [B]."""

    def __call__(self, chips: NDArray[np.uint8], coding: Coding, /) -> Sequence[float]: ...


class RatePoint(NamedTuple):
    """Scores and rates of one rung; `bits_per_pixel` counts the pixels of the 96-px chip."""

    factor: int
    px: int
    qp: int
    ccc: float
    cc: float
    rmse: float
    p_frame_bytes: float
    bits_per_pixel: float
    video_bps: float
    wire_bps: float
    faces: int


def reader_of(network: Recognition) -> ValenceReader:
    """The paper's recogniser behind the call that a rate-distortion needs."""

    def read(chips: NDArray[np.uint8], _: Coding) -> Sequence[float]:
        with torch.inference_mode():
            seen = reader.seen(chips, network.config.canvas_px)
            return [float(valence) for valence in network(seen)]

    return read


def reader_of_model(reader: Reader) -> ValenceReader:
    """A shipped model behind the same call."""

    def read(chips: NDArray[np.uint8], coding: Coding) -> Sequence[float]:
        readings = reader.read([CodedChip(chip, coding) for chip in chips])
        return [reading.valence for reading in readings]

    return read


def measure(
    read: ValenceReader,
    faces: LabelledFaces,
    factors: Iterable[int],
    qps: Iterable[int],
    seed: int = 1,
) -> list[RatePoint]:
    """A point for every factor and quantiser; all see the same movements."""
    qps = tuple(qps)
    rungs = [(factor, qp) for factor in factors for qp in qps]
    progress = tqdm(rungs, "rate-distortion", unit="rung", disable=None)
    return [_point(read, faces, factor, qp, seed) for factor, qp in progress]


def chart(points: Sequence[RatePoint], against: str, title: str) -> str:
    """CCC against `bits_per_pixel` or `wire_bps`, a line a factor, as SVG."""
    lines = [
        Line(
            f"s={factor} ({CHIP_PX // factor} px)",
            tuple((getattr(p, against), p.ccc) for p in points if p.factor == factor),
        )
        for factor in dict.fromkeys(point.factor for point in points)
    ]
    label = {
        "bits_per_pixel": "bits per pixel of the 96-px chip",
        "wire_bps": f"wire rate, bit/s ({FPS} fps, {FRAMES_PER_MESSAGE} frames a message)",
    }[against]
    return line_chart(title, lines, Axis(label, logarithmic=True), Axis("CCC"))


def _point(read: ValenceReader, faces: LabelledFaces, factor: int, qp: int, seed: int) -> RatePoint:
    coding = Coding(CHIP_PX // factor, qp)
    generator = torch.Generator().manual_seed(seed)
    codec = _Codec(Rung(coding.px, qp))
    readings: list[float] = []
    for start in range(0, len(faces), BATCH):
        images = torch.from_numpy(faces.images[start : start + BATCH])
        clips = motion.clips(images, FRAMES, STILL, generator)
        readings += read(codec.last_frames(shrink(clips, coding.px)), coding)
    scores = metrics.score(readings, faces.valence)
    mean_bytes = float(np.mean([unit.size_bytes for unit in codec.p_units]))
    return RatePoint(
        factor=factor,
        px=coding.px,
        qp=qp,
        ccc=round(scores.ccc, DIGITS),
        cc=round(scores.cc, DIGITS),
        rmse=round(scores.rmse, DIGITS),
        p_frame_bytes=round(mean_bytes, 2),
        bits_per_pixel=round(8 * mean_bytes / CHIP_PX**2, 5),
        video_bps=round(8 * FPS * mean_bytes, 1),
        wire_bps=round(wire_bps(codec.p_units), 1),
        faces=len(faces),
    )


def wire_bps(units: Sequence[AccessUnit]) -> float:
    """Bit/s on the line of these P frames, sent in order and bundled; the last bundle may be short.

    All headers are counted: the message's own, WebSocket, TCP and IP.
    """
    total = 0
    for start in range(0, len(units), FRAMES_PER_MESSAGE):
        bundle = units[start : start + FRAMES_PER_MESSAGE]
        total += wire_bytes(len(serialise_data(Data(0, start, _frames(bundle), None))))
    return 8 * FPS * total / len(units)


def _frames(units: Sequence[AccessUnit]) -> tuple[Frame, ...]:
    interval = TICKS_PER_SECOND // FPS
    return tuple(
        Frame(index * interval, FrameKind.DELTA, unit.nals) for index, unit in enumerate(units)
    )


class _Codec:
    """One warm pair of contexts; keeps the P frames that it coded."""

    def __init__(self, rung: Rung) -> None:
        self._encoder, self._decoder = ChipEncoder(rung), ChipDecoder(rung.px)
        self.p_units: list[AccessUnit] = []

    def last_frames(self, clips: Tensor) -> NDArray[np.uint8]:
        """Clips uint8 [B, F, px, px], each opening with a keyframe, to uint8 [B, px, px]."""
        out = np.empty((clips.shape[0], *clips.shape[2:]), np.uint8)
        for row, clip in enumerate(clips.numpy()):
            for index, chip in enumerate(clip):
                unit = self._encoder.encode(chip, keyframe=index == 0)
                out[row] = self._decoder.decode(unit.nals)
                if index > 0:
                    self.p_units.append(unit)
        return out

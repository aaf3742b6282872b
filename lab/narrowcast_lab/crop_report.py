"""What a steady crop is worth: the jitter that remains, the bits it saves, the time it takes."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.crop import ChipMaker, Square, cut, framed, on_pixels
from narrowcast_encoder.detection import FaceDetector, reduce
from narrowcast_shared.codec import ChipEncoder
from narrowcast_shared.framing import FRAMING
from narrowcast_shared.operating_point import CHIP_PX, Rung
from narrowcast_shared.resample import resample


class Cropper(Protocol):
    """Makes chips, and tells which square of the frame the last one was cut from."""

    square: Square | None

    def chip(self, image: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        """The chip uint8 [96, 96] of a frame uint8 [H, W, 3]; None where there is no face."""
        ...


class RawCrop:
    """The baseline: detection on every frame, the largest face's box taken as it comes."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self.square: Square | None = None

    def chip(self, image: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        """The chip uint8 [96, 96] of a frame uint8 [H, W, 3]; None where there is no face."""
        frame = reduce(image)
        faces = self._detector.detect(frame.image)
        if not faces:
            self.square = None
            return None
        largest = max(faces, key=lambda face: face.area)
        self.square = on_pixels(framed(largest.scaled(1 / frame.scale), FRAMING))
        return cut(image, self.square)


class CropFigures(NamedTuple):
    """Figures of one way to crop, over the frames of one clip or of several.

    jitter_px: root mean square of how far the crop's corners move from frame to frame, in px
    of the chip. moved_share: share of frames in which they move at all. unit_bytes: mean size
    of the access units after a clip's first, which is a keyframe whatever the crop.
    cpu_ms: of the calling thread, from frame to chip.
    """

    frames: int
    face_share: float
    moved_share: float
    jitter_px: float
    unit_bytes: float
    cpu_ms: float


@dataclass
class CropTally:
    """What is counted of one way to crop, frame by frame."""

    frames: int = 0
    faces: int = 0
    cpu_s: float = 0.0
    steps_px: list[float] = field(default_factory=list)
    unit_bytes: list[int] = field(default_factory=list)

    def figures(self) -> CropFigures:
        """The figures; means over nothing are 0."""
        steps = np.asarray(self.steps_px or [0.0])
        return CropFigures(
            frames=self.frames,
            face_share=self.faces / max(self.frames, 1),
            moved_share=float(np.mean(steps > 0)),
            jitter_px=float(np.sqrt(np.mean(steps**2))),
            unit_bytes=float(np.mean(self.unit_bytes or [0])),
            cpu_ms=1e3 * self.cpu_s / max(self.frames, 1),
        )

    def add(self, other: "CropTally") -> None:
        """Count another clip's frames too."""
        self.frames += other.frames
        self.faces += other.faces
        self.cpu_s += other.cpu_s
        self.steps_px += other.steps_px
        self.unit_bytes += other.unit_bytes


def step_px(before: Square, after: Square) -> float:
    """How far the corners move from one square to the next: RMS over them, in px of the chip."""
    left, top = after.x - before.x, after.y - before.y
    right, bottom = left + after.side - before.side, top + after.side - before.side
    squared = (left**2 + right**2 + top**2 + bottom**2) / 2
    return float(np.sqrt(squared)) * CHIP_PX / before.side


class CropMeter:
    """Runs one way to crop over a clip, codes its chips at one rung and counts."""

    def __init__(self, cropper: Cropper, rung: Rung) -> None:
        self.tally = CropTally()
        self._cropper = cropper
        self._encoder = ChipEncoder(rung)
        self._before: Square | None = None

    def add(self, image: NDArray[np.uint8]) -> None:
        """Crop, code and count one frame uint8 [H, W, 3]."""
        start_s = time.thread_time()
        chip = self._cropper.chip(image)
        self.tally.cpu_s += time.thread_time() - start_s
        self.tally.frames += 1
        if chip is not None:
            self.tally.faces += 1
            self._count_bytes(chip)
            self._count_step()
        self._before = self._cropper.square

    def _count_bytes(self, chip: NDArray[np.uint8]) -> None:
        unit = self._encoder.encode(resample(chip, self._encoder.rung.px))
        if not unit.keyframe:
            self.tally.unit_bytes.append(unit.size_bytes)

    def _count_step(self) -> None:
        if self._before is not None and self._cropper.square is not None:
            self.tally.steps_px.append(step_px(self._before, self._cropper.square))


@dataclass
class CropComparison:
    """The raw crop and the steady one, over the same frames."""

    raw: CropTally = field(default_factory=CropTally)
    steady: CropTally = field(default_factory=CropTally)

    def add(self, other: "CropComparison") -> None:
        """Count another clip's frames too."""
        self.raw.add(other.raw)
        self.steady.add(other.steady)

    def bits_saved(self) -> float:
        """Share of the raw crop's bits that the steady one saves; 0 where there are none."""
        raw, steady = self.raw.figures(), self.steady.figures()
        return 1 - steady.unit_bytes / raw.unit_bytes if raw.unit_bytes else 0.0

    def summary(self) -> dict[str, Any]:
        """All figures, as they go into a JSON file."""
        return {
            "raw": self.raw.figures()._asdict(),
            "steady": self.steady.figures()._asdict(),
            "bits_saved": self.bits_saved(),
        }


def compare(
    images: Iterable[NDArray[np.uint8]], detector: FaceDetector, rung: Rung
) -> CropComparison:
    """Crop and code one clip both ways, in one pass over its frames."""
    raw = CropMeter(RawCrop(detector), rung)
    steady = CropMeter(ChipMaker(detector), rung)
    for image in images:
        raw.add(image)
        steady.add(image)
    return CropComparison(raw.tally, steady.tally)

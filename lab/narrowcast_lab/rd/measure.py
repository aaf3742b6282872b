"""Every rung at every frame rate, on clips whose valence is known at every frame.

Each clip is one stream. Its series is what a subscriber has: at every captured frame the newest
reading of a frame captured at or before it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from narrowcast_lab.rd.cells import Cells
from narrowcast_lab.rd.coded import CodedClip, code, squared_error
from narrowcast_lab.rd.held import Held, coded_at, hold, shrink
from narrowcast_lab.rd.row import Outcome, Reference, Row, row
from narrowcast_models.coding import Coding
from narrowcast_models.evaluation.moving import HR, MovingClip
from narrowcast_models.evaluation.reader import Reader
from narrowcast_models.recogniser import CodedChip
from narrowcast_shared.errors import DataError
from narrowcast_shared.operating_point import CHIP_PX, Rung

BATCH = 64


class Grid(NamedTuple):
    """What is measured: every size at every quantiser and frame rate (at most 25 fps)."""

    sizes_px: tuple[int, ...]
    qps: tuple[int, ...]
    rates_fps: tuple[float, ...]


class Measured(NamedTuple):
    """CCC of the uncoded 96-px chips at 25 fps against labels, and the rows of the grid."""

    ccc_uncoded: float
    rows: list[Row]


class _Footage(NamedTuple):
    """The clips of 96-px chips, which of their frames are coded by frame rate, and the reference
    for all of them, one after the other.
    """

    clips: Sequence[MovingClip]
    coded: dict[float, list[NDArray[np.int64]]]
    reference: Reference


def measure(
    reader: Reader, clips: Sequence[MovingClip], grid: Grid, cells: Cells | None = None
) -> Measured:
    """Measure the grid on labelled clips, brought to chips of 96 px; finished cells are taken up.

    Raises DataError where a label is missing, a clip has one coded frame at the lowest rate, or
    the model reads nothing out of uncoded chips that the coded ones could keep.
    """
    full = [clip._replace(chips=shrink(clip.chips, CHIP_PX)) for clip in clips]
    footage = _footage(reader, full, grid)
    frames = {fps: sum(map(len, coded)) for fps, coded in footage.coded.items()}
    rows: list[Row] = []
    total = sum(frames.values()) * len(grid.sizes_px) * len(grid.qps)
    with tqdm(total=total, desc="coding", unit="frame", unit_scale=True, disable=None) as progress:
        for px in grid.sizes_px:
            for fps, found in _size(reader, footage, grid, px, cells):
                rows += found
                progress.update(frames[fps] * len(grid.qps))
    return Measured(footage.reference.ccc, rows)


def _footage(reader: Reader, clips: Sequence[MovingClip], grid: Grid) -> _Footage:
    valences = [clip.valence for clip in clips if clip.valence is not None]
    if len(valences) < len(clips):
        raise DataError("a clip has no labels", "measure on reels")
    coded = {fps: [coded_at(len(clip.chips), fps) for clip in clips] for fps in grid.rates_fps}
    slowest_fps = min(grid.rates_fps)
    if any(len(rows) < 2 for rows in coded[slowest_fps]):
        raise DataError(f"a clip has no P frame at {slowest_fps:g} fps", "make longer reels")
    chips = [CodedChip(chip, HR) for clip in clips for chip in clip.chips]
    reference = Reference(np.concatenate(valences), _read(reader, chips))
    if reference.ccc <= 0:
        raise DataError(
            f"the model's CCC on uncoded chips is {reference.ccc:.3f}: nothing to keep",
            "name another model or other faces",
        )
    return _Footage(clips, coded, reference)


def _size(
    reader: Reader, footage: _Footage, grid: Grid, px: int, cells: Cells | None
) -> Iterator[tuple[float, list[Row]]]:
    """(fps, rows) of one size; the clips are shrunk once, and only where a cell is missing."""
    small: list[NDArray[np.uint8]] = []
    for fps in grid.rates_fps:
        rows = cells.read(px, fps) if cells else None
        if rows is None:
            small = small or [shrink(clip.chips, px) for clip in footage.clips]
            rows = _cell(reader, footage, small, grid.qps, fps)
            if cells:
                cells.write(px, fps, rows)
        yield fps, rows


def _cell(
    reader: Reader,
    footage: _Footage,
    small: Sequence[NDArray[np.uint8]],
    qps: Sequence[int],
    fps: float,
) -> list[Row]:
    """A row a quantiser, of clips shrunk to uint8 [T, px, px] at one frame rate."""
    rungs = [Rung(small[0].shape[1], qp) for qp in qps]
    outcomes: list[list[Outcome]] = [[] for _ in rungs]
    for clip, shrunk, rows in zip(footage.clips, small, footage.coded[fps], strict=True):
        held = hold(clip.chips, rows)
        coded = [code(shrunk[rows], rung) for rung in rungs]
        for out, outcome in zip(outcomes, _outcomes(reader, rungs, coded, held), strict=True):
            out.append(outcome)
    return [
        row(rung, fps, out, footage.reference) for rung, out in zip(rungs, outcomes, strict=True)
    ]


def _outcomes(
    reader: Reader, rungs: Sequence[Rung], coded: Sequence[CodedClip], held: Held
) -> Iterator[Outcome]:
    """The same clip at each rung; its pictures are read together, in large batches."""
    chips = [
        CodedChip(picture, Coding(*rung))
        for rung, clip in zip(rungs, coded, strict=True)
        for picture in clip.pictures
    ]
    ends = np.cumsum([len(clip.pictures) for clip in coded])
    for clip, valence in zip(coded, np.split(_read(reader, chips), ends[:-1]), strict=True):
        series = np.repeat(valence[clip.shown], held.frames)
        yield Outcome(series, squared_error(clip, held), clip.size_bytes)


def _read(reader: Reader, chips: Sequence[CodedChip]) -> NDArray[np.float64]:
    """Valence of each chip, float64 [N]."""
    batches = (chips[start : start + BATCH] for start in range(0, len(chips), BATCH))
    return np.array([reading.valence for batch in batches for reading in reader.read(batch)])

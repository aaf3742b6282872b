"""The operating table's figures, against the same things done frame by frame."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from narrowcast_encoder.control.thinning import FrameThinner
from narrowcast_lab.rd.cells import Cells
from narrowcast_lab.rd.coded import code
from narrowcast_lab.rd.held import coded_at, hold
from narrowcast_lab.rd.measure import Grid, measure
from narrowcast_lab.rd.row import Outcome, Reference, psnr_db, row
from narrowcast_models.evaluation.moving import MovingClip
from narrowcast_models.recogniser import CodedChip
from narrowcast_shared import metrics
from narrowcast_shared.codec import ChipDecoder, ChipEncoder
from narrowcast_shared.errors import DataError
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.resample import resample


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


class _Reading(NamedTuple):
    valence: float
    sigma: float | None


class _Brightness:
    """Reads how bright a chip is; on request only what was never coded."""

    def __init__(self, *, refuse_coded: bool = False) -> None:
        self._refuse_coded = refuse_coded

    def read(self, chips: Sequence[CodedChip], /) -> list[_Reading]:
        if self._refuse_coded and any(chip.coding.qp is not None for chip in chips):
            raise AssertionError("a coded chip was read")
        return [_Reading(_brightness(chip.pixels), None) for chip in chips]


def _brightness(pixels: NDArray[np.uint8]) -> float:
    return float(pixels.mean()) / 127.5 - 1


def _clip(seed: int, frames: int) -> MovingClip:
    """A blob that wanders over a background which brightens, with a cut, and rests now and then."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:48, :48]
    shift = np.cumsum(rng.normal(0, 1, (frames, 2)) * (np.arange(frames)[:, None] % 7 < 5), axis=0)
    level = np.linspace(40, 140, frames) + 60 * (np.arange(frames) > frames // 2)
    blob = np.exp(
        -((rows - 24 - shift[:, :1, None]) ** 2 + (columns - 24 - shift[:, 1:, None]) ** 2) / 60
    )
    chips = (level[:, None, None] + 50 * blob).clip(0, 255).astype(np.uint8)
    return MovingClip(f"clip {seed}", chips, np.array([_brightness(c) for c in chips], np.float32))


CLIPS = (_clip(0, 40), _clip(1, 53))


def _frame_by_frame(clip: MovingClip, rung: Rung, fps: float) -> Outcome:
    """As a decoder has it: at every captured frame the newest reading and the newest picture."""
    thinner, encoder, decoder = FrameThinner(), ChipEncoder(rung), ChipDecoder(rung.px)
    valence, error, sizes = [], 0.0, []
    for frame, small in enumerate(clip.chips):
        chip = resample(small, 96)
        if thinner.due(40_000 * frame, fps):
            unit = encoder.encode(resample(chip, rung.px) if rung.px != 96 else chip)
            picture = decoder.decode(unit.nals)
            sizes.append(unit.size_bytes)
        valence.append(_brightness(picture))
        seen = (resample(picture, 96) if rung.px != 96 else picture).astype(float)
        error += float(np.square(seen - chip).sum())
    return Outcome(np.array(valence), error, np.array(sizes))


@pytest.mark.parametrize("fps", [25.0, 8.0, 1.5])
def test_a_row_is_what_frame_by_frame_gives(fps: float) -> None:
    rungs = (Rung(96, 20), Rung(96, 44), Rung(20, 20), Rung(20, 44))
    measured = measure(_Brightness(), CLIPS, Grid((96, 20), (20, 44), (fps,)))
    labels = np.concatenate([clip.valence for clip in CLIPS if clip.valence is not None])
    full = [[_brightness(resample(chip, 96)) for chip in clip.chips] for clip in CLIPS]
    reference = Reference(labels, np.concatenate(full))
    assert measured.ccc_uncoded == pytest.approx(reference.ccc, abs=1e-6)
    for rung, found in zip(rungs, measured.rows, strict=True):
        outcomes = [_frame_by_frame(clip, rung, fps) for clip in CLIPS]
        wanted = row(rung, fps, outcomes, reference)
        # A pixel may be rounded the other way where it is enlarged in a batch.
        assert found.psnr_db == pytest.approx(wanted.psnr_db, abs=0.02)
        assert found == wanted.model_copy(update={"psnr_db": found.psnr_db})


def test_figures_of_a_row() -> None:
    """Two clips of three frames, 10 B and 30 B of P frames; an error of 4 in every pixel."""
    outcomes = [
        Outcome(np.array([0.1, 0.2, 0.3]), 16.0 * 96 * 96 * 3, np.array([200, 10, 10])),
        Outcome(np.array([-0.5, -0.5, 0.5]), 16.0 * 96 * 96 * 3, np.array([300, 30, 30])),
    ]
    labels = np.array([0.1, 0.2, 0.3, -0.4, -0.5, 0.5], np.float32)
    uncoded = np.array([0.2, 0.1, 0.4, -0.3, -0.5, 0.4])
    found = row(Rung(24, 36), 25.0, outcomes, Reference(labels, uncoded))
    valence = np.concatenate([o.valence for o in outcomes])
    ccc, most = (metrics.score(series, labels).ccc for series in (valence, uncoded))
    assert found.ccc == pytest.approx(ccc, abs=1e-4)
    assert found.ccc_kept == pytest.approx(ccc / most, abs=1e-4)
    assert found.fidelity == pytest.approx(metrics.score(valence, uncoded).ccc, abs=1e-4)
    assert found.kept == pytest.approx((found.ccc_kept + found.fidelity) / 2, abs=1e-4)
    assert found.psnr_db == pytest.approx(36.09, abs=0.01)
    assert (found.p_frame_bytes, found.p_frame_bytes_p95, found.keyframe_bytes) == (20, 30, 250)
    # A frame a message: 58 B of headers, 12 of DATA's head, 1.3 of the entry's, 20 of video.
    assert found.wire_bps[1] == pytest.approx(8 * 25 * 91.3, rel=0.01)
    assert found.wire_bps[5] == pytest.approx(8 * 5 * (58 + 12 + 5 * 21.3), rel=0.01)


def test_frames_left_out_cost_a_byte_of_wire() -> None:
    outcomes = [Outcome(np.array([0.0, 0.5]), 0.0, np.array([200, 20]))]
    labels = np.array([0.0, 0.5], np.float32)
    half = row(Rung(24, 36), 12.5, outcomes, Reference(labels, labels.astype(float))).wire_bps[10]
    assert half == pytest.approx(8 * 1.25 * (60 + 12 + 10 * 22.3), rel=0.01)


def test_psnr_of_equal_pictures_is_a_number() -> None:
    assert psnr_db(0.0) == 100
    assert psnr_db(1.0) == pytest.approx(48.13, abs=0.01)


def test_a_picture_that_stays_is_kept_once() -> None:
    still = np.repeat(CLIPS[0].chips[:1], 6, axis=0)
    coded = code(still, Rung(48, 44))
    assert len(coded.size_bytes) == len(coded.shown) == 6
    assert len(coded.pictures) < 6
    moving = code(CLIPS[0].chips[:6], Rung(48, 20))
    assert moving.shown.tolist() == list(range(len(moving.pictures)))


@given(frames=st.integers(1, 300), fps=st.floats(0.5, 25))
def test_frames_are_coded_evenly_from_the_first_one_on(frames: int, fps: float) -> None:
    rows = coded_at(frames, fps)
    assert rows[0] == 0
    assert rows[-1] < frames
    gaps = np.diff(rows)
    assert (gaps >= np.floor(25 / fps - 1e-9)).all()
    assert (gaps <= np.ceil(25 / fps + 1e-9)).all()


@given(frames=st.integers(1, 60), fps=st.sampled_from([25.0, 12.5, 8.0, 2.0]))
def test_what_is_held_stands_for_every_captured_frame(frames: int, fps: float) -> None:
    chips = np.random.default_rng(frames).integers(0, 256, (frames, 6, 6), dtype=np.uint8)
    held = hold(chips, coded_at(frames, fps))
    assert held.frames.sum() == frames
    newest = np.searchsorted(held.rows, np.arange(frames), side="right") - 1
    assert (np.repeat(np.arange(len(held.rows)), held.frames) == newest).all()
    told = np.square(chips - np.repeat(held.mean, held.frames, axis=0)).sum()
    assert held.spread == pytest.approx(told, rel=1e-4, abs=1e-3)


def test_a_finished_cell_is_taken_up(tmp_path: Path) -> None:
    grid = Grid((12,), (36,), (25.0, 5.0))
    cells = Cells.of(tmp_path / "cells", {"seed": 1, "qps": (36,)})
    first = measure(_Brightness(), CLIPS, grid, cells)
    again = measure(_Brightness(refuse_coded=True), CLIPS, grid, cells)
    assert again == first
    with pytest.raises(DataError, match="made with another configuration"):
        measure(_Brightness(), CLIPS, grid, Cells.of(cells.folder, {"seed": 2}))


def test_only_the_missing_cells_are_measured(tmp_path: Path) -> None:
    cells = Cells.of(tmp_path, {"seed": 1})
    whole = measure(_Brightness(), CLIPS, Grid((12,), (36,), (25.0, 5.0)), cells)
    (tmp_path / "12px-5fps.json").unlink()
    with pytest.raises(AssertionError, match="a coded chip was read"):
        measure(_Brightness(refuse_coded=True), CLIPS, Grid((12,), (36,), (25.0, 5.0)), cells)
    assert measure(_Brightness(), CLIPS, Grid((12,), (36,), (25.0, 5.0)), cells) == whole


def test_what_cannot_be_measured() -> None:
    grid = Grid((12,), (36,), (1.0,))
    with pytest.raises(DataError, match="no labels"):
        measure(_Brightness(), [CLIPS[0]._replace(valence=None)], grid)
    short = MovingClip("short", CLIPS[0].chips[:10], np.zeros(10, np.float32))
    with pytest.raises(DataError, match="no P frame at 1 fps"):
        measure(_Brightness(), [CLIPS[0], short], grid)
    labels = CLIPS[0].valence
    assert labels is not None
    with pytest.raises(DataError, match="nothing to keep"):
        measure(_Brightness(), [CLIPS[0]._replace(valence=-labels)], grid)

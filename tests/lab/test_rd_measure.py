"""What a rung keeps on a line: against the same figures of the whole series."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from narrowcast_encoder.rate.table import Row
from narrowcast_lab.link_bench.footage import Clip
from narrowcast_lab.rd import report
from narrowcast_lab.rd.measure import Grid, Kept, Measured, Moments, fidelity, measure
from narrowcast_models.recogniser import Precision, Recogniser
from narrowcast_shared import metrics
from narrowcast_shared.errors import DataError
from narrowcast_shared.operating_point import Rung

SERIES = st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=40)
SOURCE = {
    "model": "oa",
    "weights_sha256": "0" * 64,
    "git_revision": "",
    "command": "",
    "footage": {},
}


def _clip(seed: int, frames: int) -> Clip:
    """A drawn face that opens its mouth and sways."""
    rows, columns = np.mgrid[:96, :96]
    chips = []
    for index in range(frames):
        x = 48 + 3 * np.sin(index / 9 + seed)
        opened = 3 + 3 * np.sin(index / 5 + seed)
        chip = np.full((96, 96), 150 + 10 * seed, np.uint8)
        chip[(abs(rows - 36) < 4) & (abs(abs(columns - x) - 18) < 6)] = 40
        chip[(abs(rows - 70) < opened) & (abs(columns - x) < 18)] = 30
        chips.append(chip)
    return Clip(f"clip {seed}", chips)


@given(parts=st.lists(st.tuples(SERIES, st.integers(0, 2**32 - 1)), min_size=1, max_size=4))
def test_parts_add_up_to_the_ccc_of_all_frames(parts: list[tuple[list[float], int]]) -> None:
    pairs: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for values, seed in parts:
        held = np.array(values)
        pairs.append((held, held + np.random.default_rng(seed).normal(0, 0.3, len(held))))
    found = fidelity([Moments.of(*pair) for pair in pairs])
    held, uncoded = (np.concatenate(side) for side in zip(*pairs, strict=True))
    assert found == pytest.approx(metrics.score(held, uncoded).ccc, abs=1e-6)


def test_a_series_without_spread_agrees_in_nothing() -> None:
    assert fidelity([Moments.of(np.zeros(5), np.zeros(5))]) == 0


def test_more_of_a_line_keeps_more_of_film_and_every_clip_is_told_apart() -> None:
    clips = [_clip(0, 80), _clip(3, 60)]
    grid = Grid((32,), (24,), (2_000, 64_000))
    recogniser = Recogniser.load("oa", Precision.FLOAT32)
    (row, (narrow, wide)), *others = measure(recogniser, clips, [], grid, 2, 1).rows
    assert not others
    assert row.rung == Rung(32, 24)
    assert row.keyframe_bytes > row.p_frame_bytes
    assert {name: part.faces for name, part in wide.film.items()} == {"clip 0": 160, "clip 3": 120}
    assert wide.reels is None
    assert fidelity(list(wide.film.values())) > fidelity(list(narrow.film.values()))
    assert wide.psnr_db > narrow.psnr_db > 10


def test_a_clip_without_faces_is_named() -> None:
    with pytest.raises(DataError, match="empty shows a face in fewer than 2 frames"):
        measure(
            Recogniser.load(), [Clip("empty", [None, None])], [], Grid((32,), (36,), (8000,)), 1, 1
        )


def _kept(film: float, reels: float | None = None, psnr_db: float = 30.0) -> Kept:
    """As if the held series were so many times the uncoded one, which has mean 0 and spread 1."""
    return Kept({"a": Moments(10, 0, 0, film**2, 1, film)}, reels, psnr_db)


def _measured(*rungs: list[Kept]) -> Measured:
    rows = [
        (Row(Rung(16 * (index + 1), 36), 10.0 + index, 100.0, (1.0,)), kept)
        for index, kept in enumerate(rungs)
    ]
    return Measured((4_000, 8_000, 16_000), rows)


def test_the_table_has_what_is_useful_somewhere_and_rises() -> None:
    good = [_kept(0.5), _kept(0.4), _kept(0.9)]
    never = [_kept(0.1)] * 3
    shipped = report.shipped(_measured(good, never), SOURCE)
    (row,) = shipped["rows"]
    assert row["px"] == 16
    assert row["kept"] == sorted(row["kept"])
    assert shipped["rates_bps"] == [4_000, 8_000, 16_000]


def test_film_counts_more_than_reels() -> None:
    for_film = [_kept(1.0, reels=0.6)] * 3
    for_reels = [_kept(0.3, reels=1.0)] * 3
    shipped = report.shipped(_measured(for_film, for_reels), SOURCE)
    assert [row["px"] for row in shipped["rows"]] == [16]


def test_a_clip_that_is_left_out_has_no_part_in_its_table() -> None:
    held, moving = Moments(10, 0, 0, 0.01, 1, 0.1), Moments(10, 0, 0, 1, 1, 1)
    kept = [Kept({"a": held, "b": moving}, None, 30.0)] * 3
    without_a = report.shipped(_measured(kept), SOURCE, left_out="a")
    without_b = report.shipped(_measured(kept), SOURCE, left_out="b")
    assert without_a["rows"][0]["kept"] == [1, 1, 1]
    assert without_b["rows"][0]["kept"][0] < 0.5


def test_the_picture_has_winners_of_its_own() -> None:
    plain, pretty = [_kept(0.9, psnr_db=20.0)] * 3, [_kept(0.1, psnr_db=35.0)] * 3
    measured = _measured(plain, pretty)
    assert [row["px"] for row in report.shipped(measured, SOURCE)["rows"]] == [16]
    assert [row["px"] for row in report.shipped(measured, SOURCE, psnr=True)["rows"]] == [32]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_a_sequence_that_never_falls_is_the_nearest_one(values: list[float]) -> None:
    found = report.rising(np.array(values))
    assert (np.diff(found) >= -1e-12).all()
    assert found.mean() == pytest.approx(np.mean(values))
    if values == sorted(values):
        assert found == pytest.approx(values)

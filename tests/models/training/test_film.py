"""Film: which files are taken, what moves how far to which side, and rows of one clip each."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from narrowcast_models.training import film, motion
from narrowcast_models.training.film import REACH, Film
from narrowcast_shared.errors import DataError

AS_IT_IS = (1.0, 1.0)
PX = 2 / 96
"""In half sides of a chip."""


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _texture(width: int = 96, seed: int = 0) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, 1, (96, width))
    blurred = cv2.GaussianBlur(noise, (0, 0), 4)
    return np.asarray((128 + 45 * blurred / blurred.std()).clip(0, 255), np.uint8)


def _shifted(frames: int, px_a_frame: float) -> NDArray[np.uint8]:
    """What is shown moves to the right by so much a frame."""
    wide = _texture(96 + 64)
    chips = []
    for frame in range(frames):
        turn = np.array([[1, 0, px_a_frame * frame - 32], [0, 1, 0]], np.float64)
        chips.append(cv2.warpAffine(wide, turn, (96, 96), borderMode=cv2.BORDER_REPLICATE))
    return np.stack(chips)


def _still(frames: int) -> NDArray[np.uint8]:
    return np.repeat(_texture()[None], frames, axis=0)


def _save(path: Path, arrays: dict[str, Any]) -> Path:
    np.savez(path, **arrays)
    return path


def test_a_file_as_the_command_writes_it(tmp_path: Path) -> None:
    chips = np.concatenate([_still(30), 255 - _still(28)])
    names = np.array(["a.mp4", "b.mp4"])
    arrays = {"chips": chips, "starts": np.array([0, 30]), "names": names, "fps": np.array(25)}
    path = _save(tmp_path / "film.npz", arrays)
    assert np.array_equal(film.load(path).chips, chips)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"chips": None}, "no array 'chips'"),
        ({"starts": None}, "no array 'starts'"),
        ({"chips": np.zeros((40, 48, 48), np.uint8)}, r"chips are uint8 \[40, 48, 48\]"),
        ({"chips": np.zeros((40, 96, 96), np.float32)}, r"chips are float32 \[40, 96, 96\]"),
        ({"chips": np.zeros(40, np.uint8)}, r"chips are uint8 \[40\]"),
        ({"starts": np.array([[0]])}, "starts are no rows of 40 chips"),
        ({"starts": np.array([0.0])}, "starts are no rows"),
        ({"starts": np.array([], np.int64)}, "starts are no rows"),
        ({"starts": np.array([5, 30])}, "starts are no rows"),
        ({"starts": np.array([0, 30, 20])}, "starts are no rows"),
        ({"starts": np.array([0, 40])}, "starts are no rows"),
        ({"starts": np.array([0, 20])}, "no clip has more than 24 chips"),
    ],
)
def test_laid_out_otherwise(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    arrays = {"chips": _still(40), "starts": np.array([0])} | changed
    path = _save(tmp_path / "film.npz", {n: a for n, a in arrays.items() if a is not None})
    with pytest.raises(DataError, match=said) as told:
        film.load(path)
    if "more than" not in said:
        assert "as `narrowcast chips` writes" in str(told.value)


def test_no_such_file_or_another(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not there"):
        film.load(tmp_path / "nosuch.npz")
    (tmp_path / "film.npz").write_text("no archive")
    with pytest.raises(DataError, match="no npz file"):
        film.load(tmp_path / "film.npz")


def test_too_short_clips_are_left_out() -> None:
    with pytest.raises(DataError, match="no clip has more than 24 chips"):
        Film([_still(REACH), _still(2)])
    assert len(Film([_still(REACH), 255 - _still(REACH + 1)]).chips) == REACH + 1


def test_a_still_clip_does_not_move() -> None:
    flow = Film([_still(40)]).motion(8, 4, (0.6, 1.8), _generator())
    assert flow.shape == (8, 4, 24, 24, 2)
    assert flow.dtype == torch.float32
    assert flow.abs().max() < 0.2 * PX


def test_a_clip_that_shifts_gives_its_shift() -> None:
    """.25 px to the right a frame: a later frame shows at x what the first showed left of it; a
    mirrored one moves to the left.
    """
    flow = Film([_shifted(25, 0.25)]).motion(32, 2, AS_IT_IS, _generator())
    assert flow[:, 0].abs().max() < 0.2 * PX
    inner = flow[:, 1, 6:-6, 6:-6]
    assert inner[..., 1].abs().max() < 0.5 * PX
    across = inner[..., 0].mean(dim=(1, 2)) / PX
    steps = across.abs() / 0.25
    assert set(steps.round().int().tolist()) == {1, 2, 3, 5}
    assert (steps - steps.round()).abs().max() < 0.4
    assert 8 <= int((across < 0).sum()) <= 24


def test_borrowed_motion_makes_the_later_frame_of_the_first() -> None:
    """The whole way: the first chip of a clip, moved by the clip's flow, is the clip."""
    clip = _shifted(25, 0.25)
    flow = Film([clip]).motion(16, 5, AS_IT_IS, _generator())
    first = torch.from_numpy(clip[0]).float()
    identity = motion.affine(torch.zeros(80, 4), torch.ones(80))
    plain = motion.grid(identity, 96).view(16, 5, 96, 96, 2)
    grid = film.displaced(plain, flow).flatten(0, 1)
    stills = first.expand(80, 1, 96, 96)
    made = functional.grid_sample(stills, grid, padding_mode="border", align_corners=False)
    for row, last in zip(flow, made.view(16, 5, 96, 96)[:, -1], strict=True):
        across_px = float(row[-1, 6:-6, 6:-6, 0].mean()) / PX
        if across_px > 0:
            continue  # mirrored: the still would have to be, too
        later = torch.from_numpy(clip[round(-across_px / 0.25)]).float()
        inner = (slice(24, -24), slice(24, -24))
        error = (last - later)[inner].abs().mean()
        assert error < 0.25 * (first - later)[inner].abs().mean()


def test_motion_is_scaled_and_bounded() -> None:
    """Where nothing matches there is no flow: what is found there stays bounded."""
    once, twice = (
        Film([_shifted(30, 0.5)]).motion(8, 3, (scale, scale), _generator()) for scale in (1, 2)
    )
    assert torch.allclose(twice, 2 * once)
    cuts = np.stack([_texture(seed=seed) for seed in range(25)])
    assert Film([cuts]).motion(16, 4, AS_IT_IS, _generator()).abs().max() <= 0.2 + 1e-3


@pytest.mark.parametrize("frames", [1, 4, 8, 30])
def test_windows_lie_inside_one_clip(frames: int) -> None:
    lengths = (25, 40, 60)
    shown = Film([np.full((length, 96, 96), 40, np.uint8) for length in lengths])
    rows = shown.windows(200, frames, _generator())
    assert rows.shape == (200, frames)
    clip = torch.from_numpy(np.repeat(np.arange(3), lengths))[rows]
    assert (clip == clip[:, :1]).all(), "no window crosses a cut"
    assert clip.unique().tolist() == [0, 1, 2]
    assert (rows.diff(dim=1) >= 0).all()
    if 1 < frames <= 8:
        steps = rows.diff(dim=1)
        assert (steps == steps[:, :1]).all(), "evenly apart"
        assert len(steps[:, 0].unique()) > 1


def test_the_generator_decides() -> None:
    shown = Film([_shifted(40, 0.3)])
    torch.manual_seed(1)
    motion_, rows = (
        shown.motion(4, 3, (0.6, 1.8), _generator(5)),
        shown.windows(9, 3, _generator(5)),
    )
    torch.manual_seed(2)
    assert torch.equal(shown.motion(4, 3, (0.6, 1.8), _generator(5)), motion_)
    assert torch.equal(shown.windows(9, 3, _generator(5)), rows)
    assert not torch.equal(shown.motion(4, 3, (0.6, 1.8), _generator(6)), motion_)

"""How faces wander: bounded, back and forth, smooth, and resting."""

import pytest
import torch

from narrowcast_models.reels import ReelConfig, motion

REACH = torch.tensor([0.05, 0.2])
BAND_HZ = (0.2, 2.0)
FPS = 25


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _paths(count: int, frames: int) -> torch.Tensor:
    """[count, frames, 2]"""
    waves = motion.wander(count, REACH, BAND_HZ, _generator())
    index = torch.arange(count).repeat_interleave(frames)
    return waves.at(index, (torch.arange(frames) / FPS).repeat(count)).reshape(count, frames, 2)


def test_ten_minutes_stay_within_reach_and_use_it() -> None:
    paths = _paths(8, 10 * 60 * FPS)
    assert (paths.abs() <= REACH).all()
    assert (paths.abs().amax(dim=(0, 1)) > 0.7 * REACH).all()


def test_a_face_keeps_coming_home() -> None:
    paths = _paths(32, 60 * FPS)
    assert (paths.mean(dim=1).abs() < 0.05 * REACH).all()
    for start in range(0, 60 * FPS, 10 * FPS):
        window = paths[:, start : start + 10 * FPS]
        assert (window.amin(dim=1) < 0).all()
        assert (window.amax(dim=1) > 0).all()


def test_no_step_is_faster_than_the_highest_frequency_allows() -> None:
    steps = _paths(32, 20 * FPS).diff(dim=1)
    assert (steps.abs() <= REACH * torch.pi * 2 * BAND_HZ[1] / FPS).all()
    assert (steps.diff(dim=1).abs() < 0.2 * steps.abs().amax(dim=(0, 1)) * 3).all(), "no jerks"


def test_faces_and_directions_wander_apart() -> None:
    paths = _paths(16, 60 * FPS)
    together = torch.corrcoef(paths.permute(0, 2, 1).reshape(32, -1)).fill_diagonal_(0)
    assert together.abs().max() < 0.8
    assert together.abs().mean() < 0.2


@pytest.fixture
def moved_s() -> torch.Tensor:
    return motion.time_moved_s(64, 60 * FPS, ReelConfig(), _generator())


def test_time_in_motion_runs_no_faster_than_time_and_never_back(moved_s: torch.Tensor) -> None:
    steps = moved_s.diff(dim=1)
    assert steps.min() >= 0
    assert steps.max() <= 1 / FPS + 1e-5


def test_faces_rest_and_move_in_turns(moved_s: torch.Tensor) -> None:
    """Moving lasts 2.5 s on average, rest 1.25 s."""
    steps = moved_s.diff(dim=1) * FPS
    assert 0.6 < steps.mean() < 0.73
    resting = (steps < 1e-3).float().mean(dim=1)
    assert resting.min() > 0.05
    assert (steps > 0.999).float().mean(dim=1).min() > 0.3


def test_setting_off_takes_its_time(moved_s: torch.Tensor) -> None:
    """.4 s is 10 frames, averaged over 11: nobody gains or loses more than a part of them."""
    steps = moved_s.diff(dim=1) * FPS
    assert steps.diff(dim=1).abs().max() < 1 / 11 + 1e-3


def test_some_reels_open_at_rest(moved_s: torch.Tensor) -> None:
    opening = moved_s[:, 1] - moved_s[:, 0]
    assert 8 <= int((opening < 1e-6).sum()) <= 40

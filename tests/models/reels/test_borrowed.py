"""Reels whose faces do what real clips do: motion, light and rests are those of the clip."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.reels import ON_FILM, Reel, make_many

ONE_SEGMENT = ON_FILM._replace(
    home_shift=0,
    home_zoom=0,
    home_turn_deg=0,
    max_gamma=1,
    max_noise=0,
    film_strength=(1, 1),
    segment_s=(60, 60),
)
FRAMES = 40

MakeFaces = Callable[..., LabelledFaces]
Chips = NDArray[np.uint8]


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _texture(seed: int, sigma: float = 4) -> NDArray[np.float64]:
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, (96, 96)), (0, 0), sigma)
    return np.asarray(128 + 45 * noise / noise.std())


def _chips(pictures: list[NDArray[np.float64]]) -> Chips:
    return np.stack(pictures).clip(0, 255).astype(np.uint8)


def _opening_mouth(frames: int) -> Chips:
    """The lower half stretches downwards and back again, as a jaw does; the upper one rests."""
    picture = _texture(1).astype(np.float32)
    rows, columns = np.mgrid[0:96, 0:96].astype(np.float32)
    below = ((rows - 48) / 48).clip(0, 1)
    moved = []
    for frame in range(frames):
        drop = np.float32(5 * np.sin(frame / 4) ** 2)
        source = rows - drop * below
        stretched = cv2.remap(
            picture, columns, source, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        moved.append(stretched.astype(np.float64))
    return _chips(moved)


def _flash(frames: int) -> Chips:
    """Nothing moves; from the left, light comes and goes."""
    slope = np.linspace(1, -1, 96)
    shown = [_texture(1) * (1 + 0.3 * np.sin(frame / 5) * slope) for frame in range(frames)]
    return _chips(shown)


def _face(seed: int = 9) -> LabelledFaces:
    return LabelledFaces("one", _chips([_texture(seed)]), np.array([0.5], np.float32))


def _reels(*film: Chips, count: int = 4) -> list[Reel]:
    return make_many(_face(), count, FRAMES, ONE_SEGMENT, _generator(), film)


def _changed(reel: Reel) -> NDArray[np.float64]:
    """How much each pixel differs from the first frame, on the average over the frames."""
    chips = reel.chips.astype(int)
    return np.asarray(np.abs(chips - chips[0]).mean(axis=0))


def test_what_moves_in_the_clip_moves_in_the_still() -> None:
    for reel in _reels(_opening_mouth(100)):
        changed = _changed(reel)
        assert changed[70:90].mean() > 5
        assert changed[70:90].mean() > 5 * changed[:35].mean()


def test_a_clip_at_rest_leaves_the_still_at_rest() -> None:
    for reel in _reels(np.repeat(_chips([_texture(1)]), 30, axis=0)):
        assert (reel.chips == reel.chips[0]).all()


def test_light_is_that_of_the_clip() -> None:
    """From one side, or, where the clip is mirrored, from the other."""
    for reel in _reels(_flash(100)):
        left, right = (
            reel.chips[:, :, part].mean(axis=(1, 2)) for part in (slice(0, 30), slice(66, 96))
        )
        assert np.ptp(left) > 15
        assert np.corrcoef(left, right)[0, 1] < -0.9


def test_a_clip_shorter_than_a_segment_goes_to_and_fro() -> None:
    """Of three frames, every other one is the middle one."""
    (reel,) = _reels(_opening_mouth(3), count=1)
    assert np.array_equal(reel.chips[4:], reel.chips[:-4])
    assert not np.array_equal(reel.chips[2], reel.chips[0])


def test_reels_on_film_are_as_long_and_labelled_as_others(make_faces: MakeFaces) -> None:
    faces, film = make_faces(12), [_opening_mouth(60), _flash(30)]
    config = ON_FILM._replace(dissolve_share=1)
    made = make_many(faces, 3, 150, config, _generator(), film)
    assert len(made) == 3
    for reel in made:
        assert reel.chips.shape == (150, 96, 96)
        assert reel.chips.dtype == np.uint8
        assert reel.valence.shape == (150,)
        assert reel.starts[0] == 0
    again = make_many(faces, 3, 150, config, _generator(), film)
    assert all(np.array_equal(a.chips, b.chips) for a, b in zip(made, again, strict=True))


def test_what_is_borrowed_can_be_made_stronger() -> None:
    weak, strong = (
        make_many(
            _face(),
            4,
            FRAMES,
            ONE_SEGMENT._replace(film_strength=(by, by)),
            _generator(),
            [_opening_mouth(100)],
        )
        for by in (0.5, 2)
    )
    for less, more in zip(weak, strong, strict=True):
        assert _changed(more).mean() > 1.5 * _changed(less).mean()


def test_single_frames_show_no_motion() -> None:
    with pytest.raises(ValueError, match="no clip has two frames"):
        _reels(_opening_mouth(1))

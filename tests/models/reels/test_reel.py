"""Reels: pixels and labels that go together, bounds, and the seed."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.reels import Reel, ReelConfig, make, make_many

STILL = ReelConfig(
    home_shift=0, home_zoom=0, home_turn_deg=0, sway_shift=0, sway_zoom=0, sway_turn_deg=0,
    sway_tilt=0, max_gamma=1, light_gain=0, light_slope=0, max_noise=0,
)  # fmt: skip
FRAMES = 300

MakeFaces = Callable[..., LabelledFaces]


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _flat(side: int = 48) -> LabelledFaces:
    """Nine even faces whose valence is their gray level: (level - 120) / 120."""
    levels = np.arange(0, 241, 30)
    images = np.broadcast_to(levels[:, None, None], (9, side, side)).astype(np.uint8)
    return LabelledFaces("flat", images, ((levels - 120) / 120).astype(np.float32))


def _equal(one: Reel, other: Reel) -> bool:
    pairs = zip(one, other, strict=True)
    return all(a is b is None or np.array_equal(a, b) for a, b in pairs)  # type: ignore[arg-type]


@pytest.mark.parametrize("side", [48, 96, 31])
def test_shapes_and_types(make_faces: MakeFaces, side: int) -> None:
    reel = make(make_faces(5, side=side), 60, ReelConfig(), _generator())
    assert reel.chips.shape == (60, side, side)
    assert reel.chips.dtype == np.uint8
    assert (reel.valence.shape, reel.valence.dtype) == ((60,), np.float32)
    assert reel.shares is not None
    assert (reel.shares.shape, reel.shares.dtype) == ((60, 8), np.float32)
    assert reel.starts[0] == 0
    assert (np.diff(reel.starts) > 0).all()


@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_labels_are_mixed_as_the_pixels_are(share: float) -> None:
    for reel in make_many(_flat(), 4, FRAMES, STILL._replace(dissolve_share=share), _generator()):
        levels = reel.chips.mean(axis=(1, 2))
        assert np.abs((levels - 120) / 120 - reel.valence).max() <= 0.5 / 120 + 1e-5


def test_labels_lie_between_those_of_the_neighbours() -> None:
    """Inside a segment valence goes one way from the last face's to its own, and stays there."""
    faces, config = _flat(), ReelConfig(dissolve_share=0.5)
    for reel in make_many(faces, 6, FRAMES, config, _generator(1)):
        before = reel.valence[0]
        for segment in np.split(reel.valence, reel.starts[1:])[:-1]:
            own = segment[-1]
            assert np.isclose(faces.valence, own, atol=1e-6).any()
            assert (segment >= min(before, own) - 1e-6).all()
            assert (segment <= max(before, own) + 1e-6).all()
            assert (np.diff(segment) * np.sign(own - before) >= -1e-6).all()
            before = own


def test_shares_stay_shares_and_agree_with_valence(make_faces: MakeFaces) -> None:
    faces = make_faces(40)
    reel = make(faces, FRAMES, ReelConfig(dissolve_share=1), _generator())
    assert reel.shares is not None
    assert np.abs(reel.shares.sum(axis=1) - 1).max() < 1e-5
    happy, sad = reel.shares[:, 1], reel.shares[:, 3]
    assert np.abs(0.81 * happy - 0.63 * sad - reel.valence).max() < 1e-5


def test_without_votes_there_are_no_shares() -> None:
    assert make(_flat(), 30, ReelConfig(), _generator()).shares is None


def test_without_motion_a_face_is_itself_or_its_mirror(make_faces: MakeFaces) -> None:
    faces = make_faces(6)
    reel = make(faces, FRAMES, STILL._replace(dissolve_share=0), _generator())
    either = np.concatenate([faces.images, faces.images[:, :, ::-1]]).astype(int)
    for chip in reel.chips[reel.starts].astype(int):
        assert np.abs(either - chip).max(axis=(1, 2)).min() <= 1


@pytest.mark.parametrize(
    "change",
    [{"sway_shift": 0.05}, {"sway_zoom": 0.05}, {"sway_turn_deg": 5}, {"sway_tilt": 0.05},
     {"light_gain": 0.1}, {"light_slope": 0.1}, {"max_noise": 4}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_each_kind_of_change_shows_by_itself(
    make_faces: MakeFaces, change: dict[str, float]
) -> None:
    config = STILL._replace(segment_s=(20, 20), **change)
    chips = make(make_faces(3), 100, config, _generator(2)).chips.astype(int)
    assert np.abs(chips - chips[0]).max() >= 4


def test_a_tilt_leaves_the_border_where_it_is(make_faces: MakeFaces) -> None:
    reel = make(make_faces(3), 25, STILL._replace(sway_tilt=0.05), _generator(2))
    moved = np.abs(reel.chips.astype(int) - reel.chips[0]).max(axis=0)
    middle, border = moved[16:32, 16:32].mean(), np.concatenate([moved[0], moved[-1]]).mean()
    assert middle > 5 * border


def test_the_border_is_replicated() -> None:
    """However a white face moves, no black edge comes in."""
    white = LabelledFaces("white", np.full((1, 48, 48), 255, np.uint8), np.zeros(1, np.float32))
    dark = ReelConfig(light_gain=0, light_slope=0, max_noise=0)
    assert make(white, FRAMES, dark, _generator()).chips.min() == 255


def test_light_changes_slowly_and_within_its_bounds() -> None:
    config = STILL._replace(light_gain=0.04, segment_s=(20, 20))
    gray = LabelledFaces("gray", np.full((1, 48, 48), 150, np.uint8), np.zeros(1, np.float32))
    levels = make(gray, 500, config, _generator()).chips.mean(axis=(1, 2))
    assert np.abs(levels / 150 - 1).max() <= 0.04 + 0.005
    assert np.ptp(levels) > 2
    assert np.abs(np.diff(levels)).max() <= 1


def test_one_camera_a_reel() -> None:
    reels = make_many(_flat(), 40, 50, STILL._replace(max_noise=6, dissolve_share=0), _generator())
    grain = [[chip.std() for chip in reel.chips if 60 <= chip.mean() <= 180] for reel in reels]
    grain = [levels for levels in grain if levels]
    assert max(np.ptp(levels) for levels in grain) < 0.7
    assert max(np.mean(levels) for levels in grain) < 6.3
    assert np.ptp([np.mean(levels) for levels in grain]) > 3


def test_the_generator_decides(make_faces: MakeFaces) -> None:
    faces, config = make_faces(9), ReelConfig()
    first = make_many(faces, 3, 90, config, _generator(5))
    torch.manual_seed(2)
    again = make_many(faces, 3, 90, config, _generator(5))
    assert all(map(_equal, first, again))
    assert not _equal(first[0], first[1])
    other = make_many(faces, 3, 90, config, _generator(6))
    assert not any(map(_equal, first, other))


def test_one_reel_is_the_first_of_one(make_faces: MakeFaces) -> None:
    faces = make_faces(9)
    (only,) = make_many(faces, 1, 90, ReelConfig(), _generator(5))
    assert _equal(make(faces, 90, ReelConfig(), _generator(5)), only)


@pytest.mark.parametrize(("faces", "count", "frames"), [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_nothing_to_make(make_faces: MakeFaces, faces: int, count: int, frames: int) -> None:
    with pytest.raises(ValueError, match="no reel can be made"):
        make_many(make_faces(faces), count, frames, ReelConfig(), _generator())

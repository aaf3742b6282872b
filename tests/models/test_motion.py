"""Stills set in motion: shapes, what stands still, what is bounded, and the seed."""

import pytest
import torch

from narrowcast_models.training import motion
from narrowcast_models.training.motion import MotionConfig

SIDE_PX = 48

STILL = MotionConfig(
    start_shift=0, start_zoom=0, start_turn_deg=0, step_shift=0, step_zoom=0, step_turn_deg=0,
    max_gamma=1, max_slope=0, max_sharpening=0, occluded=0, cut=0,
)  # fmt: skip


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _faces(count: int) -> torch.Tensor:
    return torch.randint(
        0, 256, (count, SIDE_PX, SIDE_PX), dtype=torch.uint8, generator=_generator(9)
    )


def _blob(column: int) -> torch.Tensor:
    face = torch.zeros(1, SIDE_PX, SIDE_PX, dtype=torch.uint8)
    face[0, 20:28, column - 4 : column + 4] = 255
    return face


def _centre(frame: torch.Tensor) -> tuple[float, float]:
    """Centre of brightness (row, column) of a frame [48, 48]."""
    index = torch.arange(SIDE_PX) + 0.5
    total = frame.sum()
    return float((frame.sum(1) * index).sum() / total), float((frame.sum(0) * index).sum() / total)


def test_shape_and_range() -> None:
    clips = motion.clips(_faces(5), 3, MotionConfig(), _generator())
    assert clips.shape == (5, 3, SIDE_PX, SIDE_PX)
    assert clips.dtype == torch.float32
    assert clips.min() >= 0
    assert clips.max() <= 255


def test_without_motion_a_face_is_itself_or_its_mirror() -> None:
    faces = _faces(32)
    clips = motion.clips(faces, 2, STILL, _generator())
    mirrored = 0
    for face, clip in zip(faces.float(), clips, strict=True):
        flip = (clip[0] - face.flip(-1)).abs().max() < 0.1
        assert flip or (clip[0] - face).abs().max() < 0.1
        assert torch.equal(clip[0], clip[1]), "one face, one mirror"
        mirrored += int(flip)
    assert 8 <= mirrored <= 24


def test_the_start_is_bounded() -> None:
    """8 % of 48 px is under 4 px each way; the blob's row is not mirrored."""
    config = STILL._replace(start_shift=0.08)
    clips = motion.clips(_blob(24).expand(64, -1, -1), 1, config, _generator())
    rows = [_centre(clip[0])[0] for clip in clips]
    assert max(abs(row - 24) for row in rows) <= 0.08 * SIDE_PX + 0.1
    assert max(rows) - min(rows) > 4


def test_half_of_the_faces_rest() -> None:
    config = STILL._replace(step_shift=0.05)
    clips = motion.clips(_blob(24).expand(64, -1, -1), 4, config, _generator())
    resting = sum(torch.equal(clip[0], clip[3]) for clip in clips)
    assert 20 <= resting <= 44


def test_zoom_and_turn_change_the_picture_about_its_centre() -> None:
    for config in (STILL._replace(start_zoom=0.12), STILL._replace(start_turn_deg=12)):
        clips = motion.clips(_blob(24).expand(16, -1, -1), 1, config, _generator())
        assert not torch.allclose(clips[0, 0], clips[1, 0])
        for clip in clips:
            assert _centre(clip[0]) == pytest.approx((24, 24), abs=0.3)


def test_the_border_is_replicated() -> None:
    """No black edge comes in: a white face stays white however it moves."""
    white = torch.full((8, SIDE_PX, SIDE_PX), 255, dtype=torch.uint8)
    config = MotionConfig(max_gamma=1, max_slope=0)
    assert motion.clips(white, 3, config, _generator()).min() > 254.9


def test_light_changes_the_middle_grays_alone() -> None:
    config = STILL._replace(max_gamma=1.35)
    ramp = torch.linspace(0, 255, SIDE_PX).to(torch.uint8).expand(16, SIDE_PX, SIDE_PX)
    clips = motion.clips(ramp, 1, config, _generator())[:, 0]
    assert clips.amax(dim=(1, 2)).min() > 254.5
    assert clips.amin(dim=(1, 2)).max() < 0.5
    assert clips[:, 0].mean(dim=1).std() > 1


def test_the_generator_decides() -> None:
    faces, config = _faces(4), MotionConfig()
    torch.manual_seed(1)
    first = motion.clips(faces, 3, config, _generator(5))
    torch.manual_seed(2)
    assert torch.equal(motion.clips(faces, 3, config, _generator(5)), first)
    assert not torch.equal(motion.clips(faces, 3, config, _generator(6)), first)


def test_light_from_one_side() -> None:
    gray = torch.full((64, SIDE_PX, SIDE_PX), 100, dtype=torch.uint8)
    clips = motion.clips(gray, 1, STILL._replace(max_slope=0.3), _generator())[:, 0]
    middle = clips[:, 23:25, 23:25].mean(dim=(1, 2))
    assert middle.tolist() == pytest.approx([100] * 64, abs=0.5)
    across = clips[:, :, -1].mean(1) - clips[:, :, 0].mean(1)
    assert across.min() < -30
    assert 30 < across.max() <= 60.1


def test_focus_keeps_the_mean_and_moves_the_detail() -> None:
    faces = _faces(32)
    clips = motion.clips(faces, 1, STILL._replace(max_sharpening=0.6), _generator())[:, 0]
    detail = clips.std(dim=(1, 2)) / faces.float().std(dim=(1, 2))
    assert detail.min() < 0.8, "some are blurred"
    assert detail.max() > 1.05, "some are sharpened, as far as black and white allow"


def test_something_before_the_face() -> None:
    faces = torch.arange(1, 65, dtype=torch.uint8)[:, None, None].expand(-1, SIDE_PX, SIDE_PX)
    config = STILL._replace(occluded=0.5, max_occlusion=0.4)
    clips = motion.clips(faces, 1, config, _generator())[:, 0]
    covered = (clips - faces.float()).abs().gt(0.5).float().mean(dim=(1, 2))
    assert covered.max() <= 0.4**2 + 0.02
    assert 16 <= int((covered > 0).sum()) <= 40
    none = motion.clips(faces, 1, config._replace(occluded=0), _generator())[:, 0]
    assert torch.allclose(none, faces.float(), atol=0.05)


def test_a_still_of_any_side_moves_alike() -> None:
    """LFW's faces have twice the side of FER+'s: the same part of the face is shown."""
    small, config = _blob(24), STILL._replace(start_shift=0.08, start_zoom=0.1)
    large = small.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    at_48 = motion.clips(small, 3, config, _generator())
    at_96 = motion.clips(large, 3, config, _generator())
    assert at_96.shape == (1, 3, 96, 96)
    for one, other in zip(at_48[0], at_96[0], strict=True):
        halved = torch.nn.functional.avg_pool2d(other[None, None], 2)[0, 0]
        assert _centre(halved) == pytest.approx(_centre(one), abs=0.2)


def test_borrowed_motion_moves_what_stands_still() -> None:
    """Displaced by a sixth of the side to the right in the still: it is seen so far to the left."""
    borrowed = torch.zeros(16, 2, 24, 24, 2)
    borrowed[:, 1, :, :, 0] = 2 * 8 / SIDE_PX
    clips = motion.clips(_blob(20).expand(16, -1, -1), 2, STILL, _generator(), borrowed)
    for first, second in clips:
        row, column = _centre(first)
        left = -1 if column > 24 else 1  # a mirrored face moves the other way
        assert (row, column) == pytest.approx((24, 24 - 4 * left), abs=0.05)
        assert _centre(second) == pytest.approx((24, 24 - (4 + 8) * left), abs=0.05)


def test_some_clips_open_with_another_face() -> None:
    """Only the first frame is another's, and that of the neighbour in the batch."""
    faces = torch.arange(64.0)[:, None, None, None].expand(-1, 3, 8, 8)
    made = motion.cut(faces, MotionConfig(cut=0.25), _generator())
    assert torch.equal(made[:, 1:], faces[:, 1:])
    opened = (made[:, 0] != faces[:, 0]).all(dim=(1, 2))
    assert 8 <= int(opened.sum()) <= 26
    assert torch.equal(made[opened, 0], faces.roll(1, 0)[opened, 0])
    assert torch.equal(made[~opened], faces[~opened])
    assert torch.equal(motion.cut(faces, MotionConfig(cut=0), _generator()), faces)


def test_film_keeps_its_own_motion() -> None:
    """1. without augmentation it is itself or its mirror  2. its crop sits elsewhere, by as much in
    all frames.
    """
    film = torch.cat([_blob(column)[:, None] for column in (18, 24, 30)], dim=1).expand(
        16, -1, -1, -1
    )
    for clip in motion.filmed(film, STILL, _generator()):
        columns = [_centre(frame)[1] for frame in clip]
        assert columns == pytest.approx(sorted((18, 24, 30), reverse=columns[0] > 24), abs=0.05)
    shifted = motion.filmed(film, STILL._replace(start_shift=0.08), _generator())
    rows = torch.tensor([[_centre(frame)[0] for frame in clip] for clip in shifted])
    assert rows.std(dim=1).max() < 0.05
    assert rows[:, 0].std() > 1
    assert shifted.dtype == torch.float32
    assert shifted.shape == film.shape

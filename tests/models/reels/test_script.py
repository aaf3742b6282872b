"""Who is seen when: segments, joints, dissolves, and the dealing out of faces."""

import pytest
import torch

from narrowcast_models.reels import ReelConfig
from narrowcast_models.reels.script import Script, write

FACES, REELS, FRAMES = 7, 12, 400
CUTS_ONLY = ReelConfig(dissolve_share=0)
DISSOLVES_ONLY = ReelConfig(dissolve_share=1)


def _script(config: ReelConfig, seed: int = 0, frames: int = FRAMES) -> Script:
    return write(FACES, REELS, frames, config, torch.Generator().manual_seed(seed))


@pytest.fixture(params=[ReelConfig(), CUTS_ONLY, DISSOLVES_ONLY])
def script(request: pytest.FixtureRequest) -> Script:
    return _script(request.param)


def test_a_reel_opens_with_a_whole_face(script: Script) -> None:
    opening = script.segment[:, 0]
    assert script.start[opening].eq(0).all()
    assert script.reel[opening].tolist() == list(range(REELS))
    assert script.weight[:, 0].eq(1).all()


def test_frames_belong_to_the_newest_segment_of_their_reel(script: Script) -> None:
    time = torch.arange(FRAMES).expand(REELS, -1)
    assert (script.start[script.segment] <= time).all()
    last = script.segment == len(script.start) - 1
    follows = torch.where(last, 0, script.segment + 1)
    same_reel = ~last & (script.reel[follows] == script.reel[script.segment])
    assert (script.start[follows] > time)[same_reel].all()
    assert torch.equal(script.reel[script.segment], torch.arange(REELS)[:, None].expand(-1, FRAMES))


def test_segments_last_between_the_shortest_and_the_longest(script: Script) -> None:
    """Those before a reel's last one, which the end of the reel may cut."""
    follows = script.reel[1:] == script.reel[:-1]
    lengths = (script.start[1:] - script.start[:-1])[follows]
    assert lengths.min() >= 25
    assert lengths.max() <= 125
    assert lengths.max() > 90, "they differ"


def test_dissolves_are_of_the_lengths_wanted_and_counted_in_frames() -> None:
    script = _script(DISSOLVES_ONLY)
    joints = script.start > 0
    assert script.dissolve[~joints].eq(0).all()
    assert script.dissolve[joints].min() >= 8
    assert script.dissolve[joints].max() <= 25
    for segment in range(len(script.start) - 1):
        whole = script.start[segment] + script.dissolve[segment] <= FRAMES
        mixed = (script.segment == segment) & (script.weight < 1)
        assert not whole or mixed.sum() == script.dissolve[segment]


def test_a_dissolve_rises_in_equal_steps() -> None:
    script = _script(DISSOLVES_ONLY)
    segment = int((script.start > 0).nonzero()[0])
    length = int(script.dissolve[segment])
    weights = script.weight[script.segment == segment][:length]
    wanted = torch.arange(1, length + 1) / (length + 1)
    assert torch.allclose(weights, wanted)


def test_cuts_mix_nothing() -> None:
    script = _script(CUTS_ONLY)
    assert (script.start > 0).any()
    assert script.weight.eq(1).all()


def test_the_share_of_dissolves() -> None:
    script = write(FACES, 200, FRAMES, ReelConfig(dissolve_share=0.3), torch.Generator())
    joints = script.start > 0
    share = (script.dissolve[joints] > 0).float().mean()
    assert 0.25 < share < 0.35


def test_a_dissolve_is_over_before_the_next_joint() -> None:
    config = ReelConfig(segment_s=(0.2, 0.4), dissolve_share=1, dissolve_frames=(8, 25))
    script = _script(config)
    follows = script.reel[1:] == script.reel[:-1]
    lengths = script.start[1:] - script.start[:-1]
    assert (script.dissolve[:-1] <= lengths)[follows].all()
    assert script.dissolve.max() == 10


def test_every_face_is_dealt_before_any_comes_again(script: Script) -> None:
    seen = torch.bincount(script.face, minlength=FACES)
    assert len(script.face) > 2 * FACES
    assert seen.max() - seen.min() <= 1


def test_a_reel_of_one_frame() -> None:
    script = _script(ReelConfig(), frames=1)
    assert script.segment.tolist() == [[reel] for reel in range(REELS)]
    assert script.start.eq(0).all()

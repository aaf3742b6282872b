"""Moving clips through one stream each: order, batches, and what reading once or more changes."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation.coded_stream import CodedStream
from narrowcast_models.evaluation.moving import HR, MovingClip, measure, read_streams
from narrowcast_models.evaluation.moving_figures import figures
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.recogniser import CodedChip, Reading
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_models.reels import ReelConfig, make_many
from narrowcast_shared.operating_point import Rung

LENGTHS = (5, 9, 2)


@pytest.fixture
def clips(make_faces: Callable[..., LabelledFaces]) -> list[MovingClip]:
    """Three of unequal length, labelled."""
    config = ReelConfig(segment_s=(0.08, 0.2))
    made = make_many(make_faces(12), 3, 9, config, torch.Generator().manual_seed(0))
    return [
        MovingClip(str(length), reel.chips[:length], reel.valence[:length])
        for length, reel in zip(LENGTHS, made, strict=True)
    ]


class _Watched(TorchRecogniser):
    """Notes the batches that it reads."""

    def __init__(self, network: OneForAll) -> None:
        super().__init__(network)
        self.batches: list[int] = []

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        self.batches.append(len(chips))
        return super().read(chips)


def test_a_batch_holds_one_chip_of_each_running_clip(
    tiny_network: OneForAll, clips: list[MovingClip]
) -> None:
    watched = _Watched(tiny_network)
    readings = read_streams(watched, clips, Coding(24, 36))
    assert watched.batches == [3, 3, 2, 2, 2, 1, 1, 1, 1]
    assert tuple(len(clip.valence) for clip in readings) == LENGTHS
    assert tuple(clip.p_frames for clip in readings) == (4, 8, 1)


def test_side_by_side_is_one_after_the_other(
    tiny_network: OneForAll, clips: list[MovingClip]
) -> None:
    recogniser, coding = TorchRecogniser(tiny_network), Coding(24, 36)
    for clip, read in zip(clips, read_streams(recogniser, clips, coding), strict=True):
        stream = CodedStream(coding)
        alone = [recogniser.read([stream.next(chip)])[0] for chip in clip.chips]
        assert np.allclose(read.valence, [reading.valence for reading in alone], atol=1e-5)
        assert np.allclose(read.sigma, [reading.sigma for reading in alone], atol=1e-5)
        assert read.p_frame_bytes == stream.p_frame_bytes


def test_every_rung_is_measured_against_the_uncoded(
    tiny_network: OneForAll, clips: list[MovingClip]
) -> None:
    recogniser, rungs = TorchRecogniser(tiny_network), [Rung(96, 10), Rung(12, 45)]
    hr, measured = measure(recogniser, clips, rungs)
    labels = np.concatenate([clip.valence for clip in clips if clip.valence is not None])
    uncoded = read_streams(recogniser, clips, HR)
    assert hr == figures(HR, uncoded, uncoded, labels)
    assert (hr.qp, hr.ccc_kept, hr.frames) == (None, 1, sum(LENGTHS))
    for rung, row in zip(rungs, measured, strict=True):
        read = read_streams(recogniser, clips, Coding(*rung))
        assert row == figures(Coding(*rung), read, uncoded, labels)
        assert row.ccc_kept < 1
    fine, coarse = (row.video_kbps or 0 for row in measured)
    assert fine > 5 * coarse > 0


def test_clips_without_labels_have_no_label_figures(
    tiny_network: OneForAll, clips: list[MovingClip]
) -> None:
    bare = [clip._replace(valence=None) for clip in clips]
    uncoded, (coded,) = measure(TorchRecogniser(tiny_network), bare, [Rung(16, 30)])
    assert uncoded.labels is None
    assert coded.labels is None

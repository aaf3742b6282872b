"""Averages over time, by hand and on reels."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation import memory, memory_report
from narrowcast_models.evaluation.memory import Score
from narrowcast_models.evaluation.moving import MovingClip, read_streams
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_models.reels import Reel, ReelConfig, make_many

READINGS = np.array([1.0, 3.0, 5.0, 10.0, 20.0])
FIRST = np.array([0, 0, 0, 3, 3])


def _reel(starts: list[int], valence: list[float]) -> Reel:
    chips = np.zeros((len(valence), 6, 6), np.uint8)
    return Reel(chips, np.array(valence, np.float32), None, np.array(starts))


def test_first_frames() -> None:
    assert memory.first_frames(_reel([0, 3], [0.0] * 5)).tolist() == FIRST.tolist()


def test_the_mean_so_far_begins_anew_with_each_face() -> None:
    assert memory.mean_so_far(READINGS, FIRST).tolist() == [1, 2, 3, 10, 15]


def test_the_segments_mean_knows_what_comes() -> None:
    assert memory.segment_mean(READINGS, FIRST).tolist() == [3, 3, 3, 15, 15]


def test_the_filter_is_causal_and_forgets_by_its_time_constant() -> None:
    step = np.array([0.0] * 5 + [1.0] * 11)
    out = memory.filtered(step, 0.4)
    assert out[:5].tolist() == [0] * 5
    assert out[14] == pytest.approx(1 - math.exp(-10 / 25 / 0.4))  # ten frames are .4 s
    assert memory.filtered(np.full(5, 0.7), 0.1).tolist() == pytest.approx([0.7] * 5)


def test_averaging_takes_noise_away() -> None:
    """Readings are the truth and noise. 1. long segments: every average gains, the whole segment
    most  2. a face a frame: knowing the cuts changes nothing, and a filter only harms.
    """
    rng = np.random.default_rng(0)
    slow = np.repeat(rng.uniform(-1, 1, 12), 50)
    long = [_reel(list(range(0, 600, 50)), slow.tolist())]
    got = memory.bounds(Coding(8, None), [slow + rng.normal(0, 0.5, 600)], long)
    assert got.frame.cc < got.filtered.cc < got.so_far.cc < got.segment.cc
    assert got.segment.rmse < got.so_far.rmse < got.frame.rmse
    assert got.time_constant_s >= 0.2

    quick = rng.uniform(-1, 1, 600)
    short = [_reel(list(range(600)), quick.tolist())]
    got = memory.bounds(Coding(8, 30), [quick + rng.normal(0, 0.5, 600)], short)
    assert got.so_far == got.segment == got.frame
    assert got.filtered.cc < got.frame.cc
    assert got.time_constant_s == min(memory.TIME_CONSTANTS_S)


def test_reels_are_read_as_streams(
    tiny_network: OneForAll, make_faces: Callable[..., LabelledFaces]
) -> None:
    config = ReelConfig(dissolve_share=0, segment_s=(0.12, 0.2))
    reels = make_many(make_faces(12), 2, 9, config, torch.Generator().manual_seed(0))
    recogniser, codings = TorchRecogniser(tiny_network), (Coding(24, None), Coding(16, 36))
    rows = memory.measure(recogniser, reels, codings)
    assert [(row.px, row.qp) for row in rows] == list(codings)
    clips = [MovingClip("", reel.chips) for reel in reels]
    read = [reading.valence for reading in read_streams(recogniser, clips, codings[1])]
    assert rows[1] == memory.bounds(codings[1], read, reels)


def test_the_table_and_the_json() -> None:
    row = memory.MemoryBounds(
        8, None, Score(0.6, 0.3), Score(0.65, 0.28), Score(0.7, 0.25), Score(0.62, 0.29), 0.4
    )
    table = memory_report.table([row], "title")
    cells = [next(iter(column.cells)) for column in table.columns]
    assert cells == [
        "8", "-", "0.600", "0.650", "0.700", "0.620", "0.300", "0.280", "0.250", "0.290", "0.4",
    ]  # fmt: skip
    (plain,) = memory_report.as_json([row])["codings"]
    assert (plain["px"], plain["qp"], plain["time_constant_s"]) == (8, None, 0.4)
    assert plain["segment"] == {"cc": 0.7, "rmse": 0.25}
    assert plain.keys() - memory_report.READ.keys() == {"px", "qp", "time_constant_s"}

"""Rate-distortion: finer quantisers and larger chips cost more, and the wire bills its headers."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.networks.paper import PaperNetworkConfig, Recognition
from narrowcast_models.paper import rate_distortion as rd
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_shared.codec.encode import AccessUnit
from narrowcast_shared.wire.cost import wire_bytes


def _gradient(chips: NDArray[np.uint8], _: Coding) -> Sequence[float]:
    """How much brighter a face is at its foot: what the random faces show of their valence."""
    half = chips.shape[-1] // 2
    foot, head = chips[:, half:].mean(axis=(1, 2)), chips[:, :half].mean(axis=(1, 2))
    return [float(value) for value in (foot - head) / 140]


def test_factors_and_quantisers(make_faces: Callable[..., LabelledFaces]) -> None:
    points = rd.measure(_gradient, make_faces(70), (3, 6), (24, 42))
    assert [(p.factor, p.px, p.qp) for p in points] == [
        (3, 32, 24), (3, 32, 42), (6, 16, 24), (6, 16, 42),
    ]  # fmt: skip
    fine, coarse, small_fine, _ = points
    assert fine.bits_per_pixel > coarse.bits_per_pixel > 0
    assert fine.p_frame_bytes > small_fine.p_frame_bytes
    assert all(point.cc > 0.95 for point in points)
    for point in points:
        assert point.faces == 70
        assert point.video_bps == pytest.approx(25 * 8 * point.p_frame_bytes, rel=2e-3)
        assert point.bits_per_pixel == pytest.approx(8 * point.p_frame_bytes / 9216, abs=1e-5)
        assert point.wire_bps > point.video_bps + 5 * 8 * 58, "five messages a second, 58 B each"


def test_the_same_seed_the_same_figures(make_faces: Callable[..., LabelledFaces]) -> None:
    faces = make_faces(9)
    once, again = (rd.measure(_gradient, faces, (6,), (30,), seed) for seed in (1, 1))
    assert once == again
    assert rd.measure(_gradient, faces, (6,), (30,), 2) != once


def test_the_wire_rate_by_hand() -> None:
    """Ten P frames of 20 B in two messages: 1 type, 1 epoch, 1 seq, 1 time, 2 interval, 1 count,
    and for each frame 1 B of head."""
    units = [AccessUnit((bytes([1] * 20),), keyframe=False)] * 10
    payload = 7 + 5 * 21
    assert rd.wire_bps(units) == pytest.approx(25 * 8 * 2 * wire_bytes(payload) / 10)


def test_both_recognisers_can_be_asked(tiny_network: OneForAll) -> None:
    chips = np.random.default_rng(0).integers(0, 256, (3, 16, 16), np.uint8)
    coding = Coding(16, 30)
    torch.manual_seed(0)
    paper = Recognition(PaperNetworkConfig(40, 1 / 16)).eval()
    for read in (rd.reader_of(paper), rd.reader_of_model(TorchRecogniser(tiny_network))):
        readings = read(chips, coding)
        assert len(readings) == 3
        assert len(set(readings)) == 3


@pytest.mark.parametrize("against", ["bits_per_pixel", "wire_bps"])
def test_the_figure(against: str) -> None:
    point = rd.RatePoint(3, 32, 24, 0.9, 0.9, 0.2, 50.0, 0.04, 10_000.0, 13_000.0, 9)
    svg = rd.chart([point, point._replace(qp=30, bits_per_pixel=0.02, wire_bps=9e3)], against, "oa")
    assert "s=3 (32 px)" in svg
    assert svg.count("<circle") == 2

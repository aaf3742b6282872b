"""A stream of chips through the codec: what it costs, and what comes out."""

import numpy as np
import pytest

from narrowcast_models.coding import Coding
from narrowcast_models.evaluation.coded_stream import CodedStream


@pytest.fixture
def chips() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Ten of 96 px, a ramp that moves."""
    ramp = np.linspace(0, 200, 96)
    return np.stack([np.tile(np.roll(ramp, 3 * t), (96, 1)) for t in range(10)]).astype(np.uint8)


def test_the_keyframe_is_counted_apart(
    chips: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> None:
    stream = CodedStream(Coding(32, 30))
    stream.next(chips[0])
    keyframe = stream.coded_bytes
    assert (stream.p_frames, stream.p_frame_bytes) == (0, 0)
    for chip in chips[1:]:
        assert stream.next(chip).pixels.shape == (32, 32)
    assert stream.p_frames == 9
    assert 0 < stream.p_frame_bytes == stream.coded_bytes - keyframe


def test_uncoded_chips_are_shrunk_and_cost_nothing(
    chips: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> None:
    stream = CodedStream(Coding(48, None))
    coded = stream.next(chips[0])
    assert coded.coding == Coding(48, None)
    pairs = chips[0].reshape(48, 2, 48, 2).mean(axis=(1, 3))
    assert np.abs(coded.pixels - pairs).max() <= 0.5
    assert (stream.coded_bytes, stream.p_frames) == (0, 0)

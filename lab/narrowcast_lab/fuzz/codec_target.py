"""The way into FFmpeg: damaged access units, and what is whole must decode behind them."""

import time

import numpy as np

from narrowcast_lab.fuzz import access_units
from narrowcast_lab.fuzz.choices import Choices
from narrowcast_shared.codec import ChipDecoder
from narrowcast_shared.errors import CodecError

MAX_UNITS = 12
"""Damaged access units of one input."""

MAX_DECODE_S = 1.0
"""CPU time of one access unit, which takes some 50 us: more is a hang in the making."""

SEEDS = 64


def run(data: bytes) -> None:
    """Decode damaged access units, keyframes as they should be between them, then the stream.

    Raises AssertionError where a chip is not of the promised shape, a decoder does not know that
    it wants a keyframe, takes too long, or has lost the way back.
    """
    choices = Choices(data)
    px = choices.one_of(access_units.SIDES)
    decoder = ChipDecoder(px)
    for _ in range(MAX_UNITS):
        if choices.spent:
            break
        if decoder.wants_keyframe and not choices.yes(of=4):
            _decode_clean(decoder, access_units.stream(px), 1)
        _decode_or_refuse(decoder, access_units.damaged(choices, px))
    _decode_clean(decoder, access_units.stream(px), access_units.FRAMES)


def seeds() -> list[bytes]:
    """Decisions to begin with."""
    rng = np.random.default_rng(1)
    return [rng.bytes(8 * (1 + i)) for i in range(SEEDS)]


def _decode_clean(decoder: ChipDecoder, stream: access_units.Stream, count: int) -> None:
    """The stream's first access units, the keyframe that mends all before them."""
    for nals, chip in zip(stream.units[:count], stream.chips, strict=False):
        assert np.array_equal(decoder.decode(nals), chip), "a keyframe did not mend it"


def _decode_or_refuse(decoder: ChipDecoder, nals: list[bytes]) -> None:
    began_s = time.thread_time()
    try:
        chip = decoder.decode(nals)
    except CodecError:
        assert decoder.wants_keyframe, "it refused, and wants no keyframe"
    else:
        assert not decoder.wants_keyframe
        assert chip.shape == (decoder.px, decoder.px), f"a chip of shape {chip.shape}"
        assert chip.dtype == np.uint8
    spent_s = time.thread_time() - began_s
    assert spent_s < MAX_DECODE_S, f"one access unit took {spent_s:.1f} s"

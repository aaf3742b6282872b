"""Real access units, and ways to damage them."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_lab.fuzz.choices import Choices
from narrowcast_lab.fuzz.parameter_sets import make_sps
from narrowcast_shared.codec import ChipDecoder, ChipEncoder
from narrowcast_shared.codec.annexb import nal_type
from narrowcast_shared.operating_point import Rung

SIDES = (4, 16, 24, 49, 96)
"""px: below a macroblock, one, several with cropping, arithmetic coding from 49 on."""

FRAMES = 6
QP = 34
MAX_DAMAGES = 3
"""Done to one access unit at most."""

Nals = list[bytes]


class Stream(NamedTuple):
    """Undamaged access units, each as its NAL units, and the chips uint8 [px, px] they hold."""

    units: tuple[tuple[bytes, ...], ...]
    chips: tuple[NDArray[np.uint8], ...]


@cache
def stream(px: int, qp: int = QP) -> Stream:
    """Noise that drifts, so that slices are of some length; the same at every call."""
    noise = np.random.default_rng(px).integers(0, 256, (px, px), dtype=np.uint8)
    encoder, decoder = ChipEncoder(Rung(px, qp)), ChipDecoder(px)
    units = tuple(encoder.encode(np.roll(noise, i, axis=1)).nals for i in range(FRAMES))
    return Stream(units, tuple(decoder.decode(nals) for nals in units))


@cache
def foreign_sets() -> tuple[bytes, ...]:
    """SPS and PPS of streams of other sizes and profiles, and some that claim the impossible."""
    real = [nal for px in (*SIDES, 17, 320) for nal in stream(px).units[0][:2]]
    real += stream(16, 0).units[0][:2]  # QP 0 is of another profile
    liars = [
        make_sps(1024, 1024),  # 16384x16384 px
        make_sps(65_535, 1),
        make_sps(512, 512, crop=(0, 8096, 0, 8096)),
        make_sps(1, 1, picture_order=0, level=40),
        make_sps(1, 1, progressive=0),
        make_sps(1, 1, chroma_format=3),
        make_sps(1, 1, bit_depth=14),
    ]
    return (*real, *liars)


def damaged(choices: Choices, px: int) -> Nals:
    """The NAL units of one of the stream's access units, damaged 0 to `MAX_DAMAGES` times."""
    nals = list(choices.one_of(stream(px).units))
    for _ in range(choices.below(MAX_DAMAGES + 1)):
        at = choices.below(max(1, len(nals)))
        choices.one_of(_DAMAGES)(choices, nals, at, px)
    return nals


def _flip_bits(choices: Choices, nals: Nals, at: int, _px: int) -> None:
    nal = bytearray(nals[at])
    for _ in range(1 + choices.below(4)):
        nal[min(1 + choices.below(len(nal)), len(nal) - 1)] ^= 1 << choices.below(8)
    nals[at] = bytes(nal)


def _truncate(choices: Choices, nals: Nals, at: int, _px: int) -> None:
    nals[at] = nals[at][: 1 + choices.below(len(nals[at]))]


def _splice(choices: Choices, nals: Nals, at: int, px: int) -> None:
    """The head of one NAL unit and the tail of another."""
    other = choices.one_of(choices.one_of(stream(px).units))
    head, tail = choices.below(len(nals[at])), choices.below(len(other))
    nals[at] = nals[at][: 1 + head] + other[tail:]


def _overwrite(choices: Choices, nals: Nals, at: int, _px: int) -> None:
    head = 1 + choices.below(len(nals[at]))
    new = choices.take(choices.below(64))
    nals[at] = nals[at][:head] + new + nals[at][head + choices.below(64) :]


def _reorder(choices: Choices, nals: Nals, at: int, _px: int) -> None:
    nals.insert(choices.below(len(nals)), nals.pop(at))


def _repeat(_choices: Choices, nals: Nals, at: int, _px: int) -> None:
    nals.insert(at, nals[at])


def _replace_set(choices: Choices, nals: Nals, at: int, _px: int) -> None:
    """By another of its type, where there is one: what follows may then reach FFmpeg."""
    new = choices.one_of(foreign_sets())
    types = [nal_type(nal) for nal in nals]
    nals[types.index(nal_type(new)) if nal_type(new) in types else at] = new


def _hide_set(choices: Choices, nals: Nals, at: int, _px: int) -> None:
    """Behind a start code, inside another NAL unit."""
    nals[at] += b"\x00\x00\x01" + choices.one_of(foreign_sets())


_DAMAGES: tuple[Callable[[Choices, Nals, int, int], None], ...] = (
    # What leaves types and order alone gets further, so there is more of it.
    *[_flip_bits] * 5,
    *[_truncate] * 2,
    *[_splice] * 2,
    *[_overwrite] * 3,
    _reorder,
    _repeat,
    _replace_set,
    _hide_set,
)

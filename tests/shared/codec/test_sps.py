"""The frame size out of an SPS: x264's own, and those that lie about it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_shared.codec import ChipEncoder
from narrowcast_shared.codec.sps import frame_size
from narrowcast_shared.errors import CodecError
from narrowcast_shared.operating_point import CHIP_PX, MIN_PX, Rung

MakeSps = Callable[..., bytes]
Chip = Callable[[int, int], object]


@pytest.mark.parametrize("qp", [0, 30])
def test_every_size_that_x264_writes(moving_chip: Chip, qp: int) -> None:
    """QP 0 is lossless, and of another profile."""
    for px in range(MIN_PX, CHIP_PX + 1):
        sps = ChipEncoder(Rung(px, qp)).encode(moving_chip(px, 0)).nals[0]  # type: ignore[arg-type]
        assert frame_size(sps) == (px, px)


def test_crop_units(make_sps: MakeSps) -> None:
    """One sample in gray, two in 4:2:0 (clause 7.4.2.1.1)."""
    assert frame_size(make_sps(2, 3)) == (32, 48)
    assert frame_size(make_sps(2, 3, crop=(1, 2, 3, 4))) == (29, 41)
    assert frame_size(make_sps(2, 3, crop=(1, 2, 3, 4), chroma_format=1)) == (26, 34)


@pytest.mark.parametrize("picture_order", [0, 2])
@pytest.mark.parametrize("profile", [100, 244])
def test_what_is_allowed(make_sps: MakeSps, picture_order: int, profile: int) -> None:
    assert frame_size(make_sps(6, 6, picture_order=picture_order, profile=profile)) == (96, 96)


def test_16384_px_are_told_as_they_are(make_sps: MakeSps) -> None:
    assert frame_size(make_sps(1024, 1024)) == (16384, 16384)


def test_whole_macroblocks_cannot_be_cropped_away(make_sps: MakeSps) -> None:
    """8192x8192 cropped to 96x96 would allocate 100 MB for a chip."""
    cut = 8192 - 96
    for crop in ((0, cut, 0, cut), (cut, 0, cut, 0), (cut // 2, cut // 2, 0, cut), (0, 0, 0, cut)):
        with pytest.raises(CodecError, match="crops"):
            frame_size(make_sps(512, 512, crop=crop))
    with pytest.raises(CodecError, match="crops"):
        frame_size(make_sps(7, 6, crop=(8, 8, 0, 0)))
    assert frame_size(make_sps(6, 6, crop=(7, 8, 0, 15))) == (81, 81)


def test_emulation_prevention_in_the_header_is_taken_out(make_sps: MakeSps) -> None:
    """00 00 03 across flags and level: read literally, every later field would shift."""
    sps = make_sps(6, 6, constraints=0, level=0)
    assert sps.startswith(b"\x67\x64\x00\x00")
    assert frame_size(sps[:4] + b"\x03" + sps[4:]) == (96, 96)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"profile": 66}, "profile 66"),
        ({"profile": 144}, "profile 144"),  # FFmpeg reads a chroma format there, the standard none
        ({"chroma_format": 2}, "chroma format 2"),
        ({"chroma_format": 3}, "chroma format 3"),
        ({"bit_depth": 10}, "8 bits"),
        ({"scaling": 1}, "scaling"),
        ({"picture_order": 1}, "picture order"),
        ({"progressive": 0}, "interlaced"),
    ],
)
def test_what_narrowcast_never_codes(make_sps: MakeSps, change: dict[str, int], named: str) -> None:
    with pytest.raises(CodecError, match=named):
        frame_size(make_sps(6, 6, **change))


def test_every_truncation_is_refused(make_sps: MakeSps) -> None:
    """Up to the last byte, where VUI would begin: what follows the cropping is not read."""
    sps = make_sps(6, 6, crop=(0, 15, 0, 15))
    for length in range(len(sps) - 1):
        with pytest.raises(CodecError):
            frame_size(sps[:length])


def test_an_exp_golomb_code_has_an_end() -> None:
    with pytest.raises(CodecError, match="Exp-Golomb"):
        frame_size(b"\x67\x64\x00\x0a" + b"\x00" * 1000 + b"\xff")


@given(st.binary(max_size=40))
def test_arbitrary_bytes(body: bytes) -> None:
    try:
        width, height = frame_size(b"\x67\x64" + body)
    except CodecError:
        return
    assert width > 0
    assert height > 0

"""Chips through x264 and back: every size, warm rungs, damage, and attacks on the decoder."""

import re
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from narrowcast_shared.codec import AccessUnit, ChipDecoder, ChipEncoder, annexb, decode
from narrowcast_shared.errors import CodecError
from narrowcast_shared.operating_point import CHIP_PX, MIN_PX, Rung

Chip = NDArray[np.uint8]
MovingChip = Callable[[int, int], Chip]
MakeSps = Callable[..., bytes]

KEYFRAME_TYPES = [annexb.NAL_SPS, annexb.NAL_PPS, annexb.NAL_IDR]


def _psnr(a: Chip, b: Chip) -> float:
    error = np.mean((a.astype(float) - b) ** 2)
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def _coded(moving_chip: MovingChip, rung: Rung, frames: int) -> list[AccessUnit]:
    encoder = ChipEncoder(rung)
    return [encoder.encode(moving_chip(rung.px, i)) for i in range(frames)]


def _types(nals: Sequence[bytes]) -> list[int]:
    return [annexb.nal_type(nal) for nal in nals]


class TestRoundTrip:
    def test_every_size(self, moving_chip: MovingChip) -> None:
        for px in range(MIN_PX, CHIP_PX + 1):
            encoder, decoder = ChipEncoder(Rung(px, 10)), ChipDecoder(px)
            for frame in range(3):
                chip = moving_chip(px, frame)
                unit = encoder.encode(chip)
                assert unit.keyframe == (frame == 0)
                assert _psnr(decoder.decode(unit.nals), chip) > 45, (px, frame)

    @pytest.mark.parametrize("px", [5, 17, 48, 96])
    def test_qp_0_is_lossless_over_the_full_range(self, px: int) -> None:
        """Every gray level comes back: no limited range anywhere on the way."""
        ramp = np.resize(np.arange(256, dtype=np.uint8), (px, px))
        encoder, decoder = ChipEncoder(Rung(px, 0)), ChipDecoder(px)
        for chip in (ramp, ramp.T.copy(), np.full_like(ramp, 255), np.zeros_like(ramp)):
            assert np.array_equal(decoder.decode(encoder.encode(chip).nals), chip)

    @pytest.mark.parametrize("px", [6, 24, 96])
    def test_black_and_white_at_qp_10(self, px: int) -> None:
        chip = np.zeros((px, px), np.uint8)
        chip[:, px // 2 :] = 255
        out = ChipDecoder(px).decode(ChipEncoder(Rung(px, 10)).encode(chip).nals)
        assert _psnr(out, chip) > 45

    def test_a_chip_that_is_not_contiguous(self, moving_chip: MovingChip) -> None:
        chip = moving_chip(48, 0)[:, ::-1]
        out = ChipDecoder(48).decode(ChipEncoder(Rung(48, 10)).encode(chip).nals)
        assert _psnr(out, chip) > 45

    def test_the_decoded_chip_is_the_callers(self, moving_chip: MovingChip) -> None:
        """Later frames reuse FFmpeg's buffers; an earlier chip must not change with them."""
        decoder = ChipDecoder(32)
        units = _coded(moving_chip, Rung(32, 20), 8)
        first = decoder.decode(units[0].nals)
        kept = first.copy()
        for unit in units[1:]:
            decoder.decode(unit.nals)
        assert np.array_equal(first, kept)

    @pytest.mark.parametrize("shape", [(31, 32), (32, 31), (48, 48), (32,), (1, 32, 32)])
    def test_a_chip_of_another_size_is_not_scaled_in_silence(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="32 px"):
            ChipEncoder(Rung(32, 30)).encode(np.zeros(shape, np.uint8))


class TestOnTheWire:
    def test_sei_and_start_codes_are_stripped(self, moving_chip: MovingChip) -> None:
        units = _coded(moving_chip, Rung(96, 30), 5)
        assert _types(units[0].nals) == KEYFRAME_TYPES
        assert [_types(unit.nals) for unit in units[1:]] == [[annexb.NAL_SLICE]] * 4
        assert not any(annexb.hides_start_code(nal) for unit in units for nal in unit.nals)
        assert units[0].size_bytes == sum(len(nal) for nal in units[0].nals)

    def test_a_keyframe_on_request_stands_alone(self, moving_chip: MovingChip) -> None:
        encoder = ChipEncoder(Rung(48, 24))
        encoder.encode(moving_chip(48, 0))
        encoder.encode(moving_chip(48, 1))
        unit = encoder.encode(moving_chip(48, 2), keyframe=True)
        assert unit.keyframe
        assert _types(unit.nals) == KEYFRAME_TYPES
        assert _psnr(ChipDecoder(48).decode(unit.nals), moving_chip(48, 2)) > 35

    @pytest.mark.parametrize("px", [96, 48, 24, 12, 6])
    def test_sizes(self, moving_chip: MovingChip, px: int) -> None:
        """A chip at rest costs 4 to 8 B; a keyframe costs several moving P frames."""
        for qp in (24, 36):
            encoder = ChipEncoder(Rung(px, qp))
            key = encoder.encode(moving_chip(px, 0)).size_bytes
            moving = [encoder.encode(moving_chip(px, i)).size_bytes for i in range(1, 10)]
            rest = [encoder.encode(moving_chip(px, 9)).size_bytes for _ in range(6)]
            assert max(rest[2:]) <= 8
            assert key > 2 * np.mean(moving)
            assert np.mean(moving) > rest[-1]

    def test_a_coarser_quantiser_costs_less(self, moving_chip: MovingChip) -> None:
        totals = [
            sum(unit.size_bytes for unit in _coded(moving_chip, Rung(48, qp), 10))
            for qp in (18, 24, 30, 36, 42)
        ]
        assert totals == sorted(totals, reverse=True)
        assert totals[0] > 2 * totals[-1]

    def test_cavlc_up_to_48_px(self, moving_chip: MovingChip) -> None:
        """entropy_coding_mode_flag is the PPS's first bit behind two ue(v) of 0."""
        pps = {px: _coded(moving_chip, Rung(px, 30), 1)[0].nals[1] for px in (48, 49)}
        assert pps[48][1] >> 5 == 0b110
        assert pps[49][1] >> 5 == 0b111


class TestWarmRungs:
    def test_coming_back_needs_no_keyframe(self, moving_chip: MovingChip) -> None:
        """1. five frames at 32 px  2. five at 16 px  3. back at 32 px, on P frames only."""
        encoders = {px: ChipEncoder(Rung(px, 20)) for px in (32, 16)}
        decoders = {px: ChipDecoder(px) for px in (32, 16)}
        keyframes = []
        for frame, px in enumerate([32] * 5 + [16] * 5 + [32] * 5):
            chip = moving_chip(px, frame)
            unit = encoders[px].encode(chip)
            keyframes += [frame] if unit.keyframe else []
            assert _psnr(decoders[px].decode(unit.nals), chip) > 33
        assert keyframes == [0, 5]

    def test_no_keyframe_comes_of_itself(self, moving_chip: MovingChip) -> None:
        """Neither after x264's 250 frames nor at a cut."""
        encoder = ChipEncoder(Rung(8, 40))
        units = [encoder.encode(moving_chip(8, i % 40)) for i in range(600)]
        cut = encoder.encode(255 - moving_chip(8, 0))
        assert [unit.keyframe for unit in units].count(True) == 1
        assert not cut.keyframe


class TestRefusedBeforeFFmpeg:
    """None of these may open a context, let alone reach one."""

    @pytest.fixture(autouse=True)
    def _no_ffmpeg(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.decoder = ChipDecoder(96)

        def fail() -> None:
            pytest.fail("FFmpeg was reached")

        monkeypatch.setattr(decode, "_open", fail)

    def _refused(self, nals: Sequence[bytes], match: str) -> None:
        with pytest.raises(CodecError, match=match):
            self.decoder.decode(nals)
        assert self.decoder.wants_keyframe

    def test_another_size(self, moving_chip: MovingChip) -> None:
        unit = _coded(moving_chip, Rung(80, 30), 1)[0]
        self._refused(unit.nals, "promised 96 px, the SPS says 80x80")

    def test_16384_px(self, moving_chip: MovingChip, make_sps: MakeSps) -> None:
        unit = _coded(moving_chip, Rung(96, 30), 1)[0]
        self._refused((make_sps(1024, 1024), *unit.nals[1:]), "16384x16384")

    def test_8192_px_cropped_to_96(self, moving_chip: MovingChip, make_sps: MakeSps) -> None:
        unit = _coded(moving_chip, Rung(96, 30), 1)[0]
        liar = make_sps(512, 512, crop=(0, 8096, 0, 8096))
        self._refused((liar, *unit.nals[1:]), "crops")

    def test_an_sps_inside_another_nal_unit(
        self, moving_chip: MovingChip, make_sps: MakeSps
    ) -> None:
        """A start code within a NAL unit would show FFmpeg an SPS that nobody checked."""
        sps, pps, idr = _coded(moving_chip, Rung(96, 30), 1)[0].nals
        for code in (b"\x00\x00\x01", b"\x00\x00\x00\x01"):
            smuggled = idr + code + make_sps(1024, 1024)
            self._refused((sps, pps, smuggled), "start code")
            self._refused((sps, pps + code + make_sps(1024, 1024), idr), "start code")
            self._refused((sps + code + make_sps(1024, 1024), pps, idr), "start code")

    def test_other_nal_units(self, moving_chip: MovingChip) -> None:
        sps, pps, idr = _coded(moving_chip, Rung(96, 30), 1)[0].nals
        for nals in (
            (),
            (b"",),
            (idr,),
            (sps, idr),
            (pps, idr),
            (sps, pps),
            (sps, pps, idr, idr),
            (sps, sps, pps, idr),
            (sps, pps, idr, b"\x41\x9a"),
            (b"\x06\x05\x01\x00\x80", sps, pps, idr),  # SEI
            (b"\x6f" + sps[1:], pps, idr),  # subset SPS
            (b"\x62\x00",),  # data partition A
        ):
            self._refused(nals, "no access unit")

    def test_p_before_any_keyframe(self, moving_chip: MovingChip) -> None:
        self._refused(_coded(moving_chip, Rung(96, 30), 2)[1].nals, "before the keyframe")


class TestReferences:
    def test_a_face_that_was_there_before_costs_little(self, moving_chip: MovingChip) -> None:
        """A smile that comes and goes: the encoder still holds the face from before it."""
        before, after = moving_chip(48, 0), moving_chip(48, 25)
        encoder = ChipEncoder(Rung(48, 30))
        for chip in (before, before, before, after, after):
            unit = encoder.encode(chip)
        there = ChipEncoder(Rung(48, 30))
        there.encode(before)
        back = encoder.encode(before)
        assert back.size_bytes < there.encode(after).size_bytes / 2
        assert unit.size_bytes < back.size_bytes


class TestDamage:
    """A damaged access unit is a CodecError, and the next keyframe is as good as ever."""

    def test_every_truncation_of_a_keyframe(self, moving_chip: MovingChip) -> None:
        sps, pps, idr = _coded(moving_chip, Rung(24, 30), 1)[0].nals
        refused = 0
        for length in range(1, len(idr)):
            try:
                ChipDecoder(24).decode((sps, pps, idr[:length]))
            except CodecError:
                refused += 1
        # The last bytes hold stuffing and macroblocks at rest, whose loss cannot be told.
        assert refused >= 0.9 * (len(idr) - 1)

    def test_recovery_at_the_next_keyframe(self, moving_chip: MovingChip) -> None:
        """1. damage a P frame  2. P frames are refused  3. a keyframe mends it."""
        px, encoder, decoder = 48, ChipEncoder(Rung(48, 24)), ChipDecoder(48)
        decoder.decode(encoder.encode(moving_chip(px, 0)).nals)
        (nal,) = encoder.encode(moving_chip(px, 1)).nals
        with pytest.raises(CodecError, match="refused"):
            decoder.decode((nal[: len(nal) // 4],))
        assert decoder.wants_keyframe
        with pytest.raises(CodecError, match="before the keyframe"):
            decoder.decode(encoder.encode(moving_chip(px, 2)).nals)
        unit = encoder.encode(moving_chip(px, 3), keyframe=True)
        assert _psnr(decoder.decode(unit.nals), moving_chip(px, 3)) > 35
        assert not decoder.wants_keyframe
        later = encoder.encode(moving_chip(px, 4))
        assert _psnr(decoder.decode(later.nals), moving_chip(px, 4)) > 33

    def test_two_pictures_are_no_access_unit(self, moving_chip: MovingChip) -> None:
        units = _coded(moving_chip, Rung(24, 30), 3)
        decoder = ChipDecoder(24)
        decoder.decode(units[0].nals)
        with pytest.raises(CodecError):
            decoder.decode(units[1].nals + units[2].nals)

    def test_an_sps_that_delays_its_pictures(
        self, moving_chip: MovingChip, make_sps: MakeSps
    ) -> None:
        """Without VUI FFmpeg may hold frames back: an error, never the picture before."""
        units = _coded(moving_chip, Rung(96, 24), 4)
        decoder = ChipDecoder(96)
        slow = (make_sps(6, 6, picture_order=0, level=40), *units[0].nals[1:])
        with pytest.raises(CodecError):
            decoder.decode(slow)
        for frame, unit in enumerate(units):
            assert _psnr(decoder.decode(unit.nals), moving_chip(96, frame)) > 33

    @settings(max_examples=200, deadline=None)
    @given(st.data())
    def test_only_codec_error_escapes(self, draw: st.DataObject) -> None:
        """Mutated access units; afterwards the decoder still reads what was never harmed."""
        px = draw.draw(st.sampled_from([4, 16, 24, 49]))
        units = FUZZ_UNITS[px]
        decoder = ChipDecoder(px)
        for unit in units:
            _decode_or_refuse(decoder, [_mutated(draw, nal) for nal in unit.nals])
        for unit, clean in zip(units, FUZZ_CHIPS[px], strict=True):
            assert np.array_equal(decoder.decode(unit.nals), clean)

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.binary(max_size=60), max_size=4))
    def test_arbitrary_slices(self, bodies: list[bytes]) -> None:
        """Behind a true SPS and PPS, so that FFmpeg's slice parser is really entered."""
        sps, pps, _ = FUZZ_UNITS[16][0].nals
        decoder = ChipDecoder(16)
        for body in bodies:
            _decode_or_refuse(decoder, [sps, pps, b"\x65" + body])
            _decode_or_refuse(decoder, [b"\x41" + body])


def _noise_units(px: int) -> list[AccessUnit]:
    """Three chips that code to slices of some length; bright noise, coarsely quantised."""
    rng = np.random.default_rng(px)
    encoder = ChipEncoder(Rung(px, 34))
    return [encoder.encode(rng.integers(0, 256, (px, px), dtype=np.uint8)) for _ in range(3)]


def _decoded(px: int, units: Sequence[AccessUnit]) -> list[Chip]:
    decoder = ChipDecoder(px)
    return [decoder.decode(unit.nals) for unit in units]


FUZZ_UNITS = {px: _noise_units(px) for px in (4, 16, 24, 49)}
FUZZ_CHIPS = {px: _decoded(px, units) for px, units in FUZZ_UNITS.items()}


def _mutated(draw: st.DataObject, nal: bytes) -> bytes:
    out = bytearray(nal)
    for _ in range(draw.draw(st.integers(0, 3))):
        at = draw.draw(st.integers(0, len(out)))
        out[at : at + draw.draw(st.integers(0, 4))] = draw.draw(st.binary(max_size=4))
    return bytes(out)


def _decode_or_refuse(decoder: ChipDecoder, nals: Sequence[bytes]) -> None:
    try:
        chip = decoder.decode(nals)
    except CodecError:
        assert decoder.wants_keyframe
    else:
        assert chip.shape == (decoder.px, decoder.px)
        assert chip.dtype == np.uint8


class TestAnnexB:
    def test_split_and_join(self) -> None:
        stream = b"\x00\x00\x00\x01\x67\x64\x00\x00\x01\x68\xee\x00\x00\x01\x06\x05\x00\x00\x01\x65"
        nals = annexb.split(stream)
        assert nals == [b"\x67\x64", b"\x68\xee", b"\x65"]
        assert annexb.split(annexb.join(nals)) == nals

    def test_an_empty_stream(self) -> None:
        assert annexb.split(b"") == []
        assert annexb.join([]) == b""

    @given(st.binary(min_size=1, max_size=30).filter(lambda b: b[0] & 0x1F != annexb.NAL_SEI))
    def test_a_nal_unit_stays_one_or_is_found_out(self, nal: bytes) -> None:
        """What `hides_start_code` lets through comes out of FFmpeg's kind of splitting whole."""
        if not annexb.hides_start_code(nal):
            parts = re.split(rb"\x00\x00\x01", annexb.join([nal, b"\x41"]))
            assert [part.rstrip(b"\x00") for part in parts[1:]] == [nal.rstrip(b"\x00"), b"\x41"]

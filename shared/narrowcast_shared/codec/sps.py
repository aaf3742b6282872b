"""The frame size out of a sequence parameter set, before any decoder allocates for it.

Reads only the syntax elements up to the cropping rectangle (ITU-T H.264, clause 7.3.2.1.1).
"""

from narrowcast_shared.errors import CodecError

# What x264 writes for gray: High, and High 4:4:4 Predictive at QP 0 (annex A.2). No other one
# is let through, because decoders disagree on which profiles carry chroma_format_idc.
_PROFILES = frozenset({100, 244})
_MACROBLOCK_PX = 16
_MAX_EXP_GOLOMB_ZEROS = 31


class _Bits:
    """Big-endian bit reader over an RBSP (emulation prevention bytes already taken out)."""

    def __init__(self, rbsp: bytes) -> None:
        self._value = int.from_bytes(rbsp, "big")
        self._left = 8 * len(rbsp)

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise CodecError("the SPS ends in the middle of a syntax element")
        return (self._value >> self._left) & ((1 << count) - 1)

    def unsigned(self) -> int:
        """ue(v), Exp-Golomb (clause 9.1)."""
        zeros = 0
        while self.read(1) == 0:
            zeros += 1
            if zeros > _MAX_EXP_GOLOMB_ZEROS:
                raise CodecError("the SPS holds an Exp-Golomb code of over 32 bits")
        return (1 << zeros) - 1 + self.read(zeros)


def frame_size(nal: bytes) -> tuple[int, int]:
    """(width, height) in px after cropping, of an SPS NAL unit without its start code.

    Raises CodecError where it is truncated or uses what narrowcast never codes: other profiles,
    scaling matrices, interlacing, a cropping rectangle that cuts whole macroblocks away.
    """
    bits = _Bits(nal[1:].replace(b"\x00\x00\x03", b"\x00\x00"))
    profile = bits.read(8)
    if profile not in _PROFILES:
        raise CodecError(f"the SPS is of profile {profile}, not one that x264 writes for gray")
    bits.read(16)  # constraint flags, level_idc
    bits.unsigned()  # seq_parameter_set_id
    chroma_format = _skip_high_profile(bits)
    bits.unsigned()  # log2_max_frame_num_minus4
    _skip_picture_order(bits)
    bits.unsigned()  # max_num_ref_frames
    bits.read(1)  # gaps_in_frame_num_value_allowed_flag
    width = _MACROBLOCK_PX * (bits.unsigned() + 1)
    height = _MACROBLOCK_PX * (bits.unsigned() + 1)
    if bits.read(1) != 1:  # frame_mbs_only_flag
        raise CodecError("the SPS announces interlaced frames")
    bits.read(1)  # direct_8x8_inference_flag
    return _crop(bits, width, height, chroma_format)


def _skip_high_profile(bits: _Bits) -> int:
    chroma_format = bits.unsigned()
    if chroma_format > 1:
        raise CodecError(f"the SPS announces chroma format {chroma_format}, not gray or 4:2:0")
    if bits.unsigned() or bits.unsigned():
        raise CodecError("the SPS announces more than 8 bits a sample")
    bits.read(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.read(1):
        raise CodecError("the SPS carries scaling matrices")
    return chroma_format


def _skip_picture_order(bits: _Bits) -> None:
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()
    elif kind != 2:
        raise CodecError(f"the SPS announces picture order count type {kind}")


def _crop(bits: _Bits, width: int, height: int, chroma_format: int) -> tuple[int, int]:
    if not bits.read(1):
        return width, height
    unit = 2 if chroma_format == 1 else 1  # CropUnitX, CropUnitY (clause 7.4.2.1.1)
    left, right, top, bottom = (unit * bits.unsigned() for _ in range(4))
    # A decoder allocates before it crops: 8192x8192 cut down to 96x96 must not pass for 96x96.
    if max(left + right, top + bottom) >= _MACROBLOCK_PX:
        raise CodecError(f"the SPS codes {width}x{height} px and crops whole macroblocks away")
    return width - left - right, height - top - bottom

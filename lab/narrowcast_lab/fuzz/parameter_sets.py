"""Sequence parameter sets that x264 would never write (ITU-T H.264, clause 7.3.2.1.1)."""


class _BitWriter:
    def __init__(self) -> None:
        self._bits = ""

    def fixed(self, width: int, value: int) -> "_BitWriter":
        self._bits += f"{value:0{width}b}"
        return self

    def unsigned(self, *values: int) -> "_BitWriter":
        """ue(v) each."""
        for value in values:
            self._bits += "0" * ((value + 1).bit_length() - 1) + f"{value + 1:b}"
        return self

    def rbsp(self) -> bytes:
        bits = self._bits + "1"
        bits += "0" * (-len(bits) % 8)
        return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def make_sps(  # noqa: PLR0913 - the syntax elements
    width: int,
    height: int,
    *,
    crop: tuple[int, int, int, int] | None = None,
    profile: int = 100,
    constraints: int = 0,
    level: int = 10,
    chroma_format: int = 0,
    bit_depth: int = 8,
    scaling: int = 0,
    picture_order: int = 2,
    progressive: int = 1,
) -> bytes:
    """An SPS NAL unit without VUI, sides in macroblocks.

    crop: left, right, top, bottom in crop units.
    """
    bits = _BitWriter().unsigned(0, chroma_format, bit_depth - 8, bit_depth - 8)
    bits.fixed(1, 0).fixed(1, scaling).unsigned(0, picture_order)
    if picture_order == 0:
        bits.unsigned(0)
    bits.unsigned(1).fixed(1, 0).unsigned(width - 1, height - 1)
    bits.fixed(1, progressive).fixed(1, 1).fixed(1, int(crop is not None))
    if crop is not None:
        bits.unsigned(*crop)
    payload = bytes([profile, constraints, level]) + bits.fixed(1, 0).rbsp()
    return b"\x67" + _escaped(payload)


def _escaped(payload: bytes) -> bytes:
    """Emulation prevention (clause 7.4.1): 03 before what would read as a start code."""
    out, zeros = bytearray(), 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)

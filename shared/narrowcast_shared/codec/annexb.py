"""NAL units in and out of the Annex B byte stream (ITU-T H.264, annex B and clause 7.3.1).

On the wire an access unit carries no start codes and no SEI: x264 writes a 550 B SEI with
its settings at every open, and start codes cost 4 B a frame.
"""

import re
from collections.abc import Iterable

START_CODE = b"\x00\x00\x01"

NAL_SLICE = 1
NAL_IDR = 5
NAL_SEI = 6
NAL_SPS = 7
NAL_PPS = 8

_SPLIT = re.compile(rb"\x00{2,3}\x01")

# Byte patterns that emulation prevention keeps out of every NAL unit (clause 7.4.1).
_FORBIDDEN = re.compile(rb"\x00\x00[\x00-\x02]")


def nal_type(nal: bytes) -> int:
    """nal_unit_type of a NAL unit without its start code (clause 7.4.1, table 7-1)."""
    return nal[0] & 0x1F


def hides_start_code(nal: bytes) -> bool:
    """Whether a decoder would find a start code inside, and so a NAL unit nobody checked."""
    return _FORBIDDEN.search(nal) is not None


def split(stream: bytes) -> list[bytes]:
    """NAL units of an Annex B byte stream, without start codes, SEI left out."""
    return [nal for nal in _SPLIT.split(stream) if nal and nal_type(nal) != NAL_SEI]


def join(nals: Iterable[bytes]) -> bytes:
    """Annex B byte stream of NAL units without start codes."""
    return b"".join(START_CODE + nal for nal in nals)

"""Varints, zigzag integers and short strings, and a reader that never runs past its bytes.

Varint: unsigned LEB128, seven bits a byte, least significant first, no padding (the encoding
of Protocol Buffers, held to its shortest form). Zigzag maps 0, -1, 1, -2 to 0, 1, 2, 3.
"""

import re

from narrowcast_shared.errors import ProtocolError

MAX_VARINT_BYTES = 9
MAX_VARINT = (1 << (7 * MAX_VARINT_BYTES)) - 1  # 63 bits: fits a signed 64-bit integer


def varint(value: int) -> bytes:
    """Shortest form of 0 <= value < 2**63. Raises ProtocolError outside."""
    if not 0 <= value <= MAX_VARINT:
        raise ProtocolError(f"{value} does not fit a varint of {MAX_VARINT_BYTES} bytes")
    out = bytearray()
    while value > 0x7F:
        out.append(0x80 | value & 0x7F)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value: int) -> bytes:
    """A signed integer as a varint; small magnitudes of either sign stay short."""
    return varint(2 * value if value >= 0 else -2 * value - 1)


# C0 and C1: what the other end says is printed on a terminal and in logs.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def to_utf8(value: str, max_bytes: int) -> bytes:
    """UTF-8 cut to whole characters within `max_bytes`, a space for each control character."""
    encoded = _CONTROL.sub(" ", value).encode(errors="replace")
    return encoded[:max_bytes].decode(errors="ignore").encode()


def from_utf8(encoded: bytes) -> str:
    """Text of UTF-8 without control characters. Raises ProtocolError on anything else."""
    try:
        value = encoded.decode()
    except UnicodeDecodeError as error:
        raise ProtocolError("a text is not UTF-8") from error
    if _CONTROL.search(value):
        raise ProtocolError("a text holds a control character")
    return value


def text(value: str, max_bytes: int) -> bytes:
    """`to_utf8` behind its length in bytes."""
    encoded = to_utf8(value, max_bytes)
    return varint(len(encoded)) + encoded


class Reader:
    """Takes one message apart. Every method raises ProtocolError rather than read past it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        at = self._at
        if at >= len(self._data):
            self.take(1)  # which says so
        self._at = at + 1
        return self._data[at]

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise ProtocolError(
                f"the message ends at byte {len(self._data)}, {count} wanted at {self._at}"
            )
        part = self._data[self._at : end]
        self._at = end
        return part

    def varint(self) -> int:
        value = self.byte()
        if value < 0x80:  # most of them
            return value
        value &= 0x7F
        for index in range(1, MAX_VARINT_BYTES):
            byte = self.byte()
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                if byte == 0:
                    raise ProtocolError(f"a padded varint ends at byte {self._at}")
                return value
        raise ProtocolError(f"a varint of over {MAX_VARINT_BYTES} bytes ends at byte {self._at}")

    def zigzag(self) -> int:
        raw = self.varint()
        return raw >> 1 if raw % 2 == 0 else -(raw >> 1) - 1

    def text(self, max_bytes: int) -> str:
        length = self.varint()
        if length > max_bytes:
            raise ProtocolError(f"a text of {length} bytes, at most {max_bytes} are allowed")
        return from_utf8(self.take(length))

    @property
    def at_end(self) -> bool:
        return self._at == len(self._data)

    def finish(self) -> None:
        """Raises ProtocolError where bytes are left over."""
        if not self.at_end:
            left = len(self._data) - self._at
            raise ProtocolError(f"{left} bytes too many at the end of the message")

"""Decisions out of a byte string, so that a fuzzer which changes bytes changes decisions."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Choices:
    """Reads decisions off `data`, one after the other; all are 0 once it is spent."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def spent(self) -> bool:
        """Whether nothing is left to decide by."""
        return self._at >= len(self._data)

    def take(self, count: int) -> bytes:
        """The next `count` bytes, fewer at the end."""
        part = self._data[self._at : self._at + count]
        self._at += count
        return part

    def below(self, count: int) -> int:
        """0 <= n < count, out of as many bytes as `count` fills."""
        return int.from_bytes(self.take(((count - 1).bit_length() + 7) // 8)) % count

    def one_of(self, items: Sequence[Item]) -> Item:
        """One of them; the first once the bytes are spent."""
        return items[self.below(len(items))]

    def yes(self, of: int = 2) -> bool:
        """True one time in `of`; False once the bytes are spent."""
        return self.below(of) == of - 1

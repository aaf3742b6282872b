"""Standard input as something that FFmpeg can open, whether or not it can go back in it.

FFmpeg reads most recordings from front to back. Two kinds it cannot open so: MP4 as phones write
it, whose index stands at the end, and HEIF pictures made of tiles. So what is read is kept until
the stream is open, in memory up to `IN_MEMORY_BYTES` and in a temporary file beyond; whoever needs
it gets all of it, from the first byte, with `whole`. A file that is redirected (`< clip.mp4`) can
be read anywhere, and nothing of it is kept.
"""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, Protocol

from narrowcast_shared.errors import SourceError

IN_MEMORY_BYTES = 32 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024


class Readable(Protocol):
    """What is asked of a pipe."""

    def read(self, count: int, /) -> bytes | None: ...


class _InterruptedReadError(Exception):
    """Ctrl-C, or a signal to end, while somebody waits for bytes."""

    def __init__(self, interruption: BaseException) -> None:
        super().__init__()
        self.interruption = interruption


@contextmanager
def interruptible() -> Iterator[None]:
    """Have Ctrl-C end the block, which reads a `ByteStream`: PyAV lets only errors through."""
    try:
        yield
    except _InterruptedReadError as carried:
        raise carried.interruption from None


class ByteStream:
    """Bytes in order, kept until `forget`. It is read by one thread, inside `interruptible`."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._kept: IO[bytes] | None = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - closed by `forget`
        self.count = 0
        """Bytes read so far."""
        self.has_ended = False

    def read(self, count: int) -> bytes:
        """Up to `count` bytes, as they come; none at the end."""
        try:
            return self._read(count)
        except (KeyboardInterrupt, SystemExit) as interruption:
            raise _InterruptedReadError(interruption) from None

    def _read(self, count: int) -> bytes:
        data = self._source.read(count) or b""
        self.count += len(data)
        self.has_ended = self.has_ended or not data
        if self._kept is not None:
            self._kept.write(data)
        return data

    def whole(self) -> IO[bytes]:
        """All that was and will be read, from the first byte. `forget` closes it."""
        assert self._kept is not None
        while not self.has_ended:
            self.read(_CHUNK_BYTES)
        self._kept.seek(0)
        return self._kept

    def forget(self) -> None:
        """Keep nothing any more."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None


class SeekableStream(ByteStream):
    """A file that was opened elsewhere: FFmpeg goes back in it by itself."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        super().forget()
        self._file = file

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def whole(self) -> IO[bytes]:
        self._file.seek(0)
        return self._file

    def forget(self) -> None:
        """There is nothing that is kept; the file is its owner's to close."""


def standard_input() -> ByteStream:
    """Standard input. Raises SourceError where there is none, or a person sits at it."""
    if sys.stdin is None or sys.stdin.closed:
        raise SourceError("there is no standard input")
    if sys.stdin.isatty():
        raise SourceError(
            "standard input is a terminal",
            "pipe a video into it, as in `cat clip.mp4 | narrowcast`",
        )
    buffered = sys.stdin.buffer
    if buffered.seekable():
        return SeekableStream(buffered)
    # Its raw file: a thread that waits in the buffered one would crash Python at its exit.
    return ByteStream(getattr(buffered, "raw", buffered))

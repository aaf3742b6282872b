"""Opening what FFmpeg can read, with one clear line for all that it cannot."""

import os
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import av
from av.container import InputContainer
from av.error import ExitError, FFmpegError, InvalidDataError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from narrowcast_shared.errors import SourceError

# FFmpeg shows any text file as the picture of a terminal.
_TEXT_FORMAT = "tty"

# RTP over UDP loses packets, and with them whole pictures. FFmpeg may watch a stream for 5 s
# to learn about it; a picture's format is known long before.
_URL_OPTIONS = {"rtsp_transport": "tcp", "analyzeduration": "2000000"}

# 1280x720 at 30 fps, which a small computer's core still decodes in time.
_ONE_CORE_PX_PER_S = 1280 * 720 * 30
_MAX_THREADS = 4

# A last picture may stand for a while, and sound go on longer than the pictures.
_SHORT_S = 1.0


class VideoContainer:
    """An open container and its first video stream that is not a cover picture.

    The stream is decoded on the calling thread, unless it is so large that one core may not keep
    up: threads add frames of delay. A decoder with threads that is dropped undrained can hang, so
    `close` flushes it.
    """

    def __init__(self, container: InputContainer, name: str) -> None:
        self._container = container
        self._name = name
        self._stream = self._first_video()
        rate = self._stream.average_rate or self._stream.guessed_rate
        self._use_threads(float(rate or 30))
        self.period_s = float(1 / rate) if rate else None
        self.has_end = container.duration is not None
        self._first_s: float | None = None
        self._last_s: float | None = None
        self._damaged = 0

    def frames(self) -> Generator[VideoFrame]:
        """Decoded frames in order of presentation; what is damaged is left out.

        Raises SourceError where reading breaks off, and where not one frame can be decoded.
        """
        count = 0
        for packet in self.packets():
            for frame in self.decoded(packet):
                count += 1
                self._note(frame.time)
                yield frame
        if count == 0:
            raise SourceError(f"{self._name} holds no frame that can be decoded")

    def missing(self) -> list[str]:
        """In words, after the last frame: what the container announces and does not hold."""
        found = []
        announced_s = self._announced_s()
        held_s = (self._last_s or 0.0) - (self._first_s or 0.0) + (self.period_s or 0.0)
        if announced_s - held_s > _SHORT_S:
            told = f"{self._name} has pictures for {held_s:.1f} s of the {announced_s:.1f} s that "
            found.append(told + "it announces: it may have been cut off, or be damaged")
        if self._damaged:
            found.append(f"{self._name} is damaged: {self._damaged} pictures of it are left out")
        return found

    @property
    def name(self) -> str:
        """What it is called in messages, without a password."""
        return self._name

    @property
    def format_name(self) -> str:
        """FFmpeg's name of the format, or names of alternatives with commas in between."""
        return self._container.format.name

    @property
    def format_flags(self) -> int:
        """FFmpeg's AVFMT flags."""
        return self._container.format.flags

    def flush(self) -> None:
        """Stop the decoder's threads; frames that it has not given yet are gone."""
        if self._stream.codec_context.is_open:
            self._stream.codec_context.flush_buffers()

    def close(self) -> None:
        self.flush()
        self._container.close()

    def _use_threads(self, fps: float) -> None:
        context = self._stream.codec_context
        large = context.width * context.height * fps > _ONE_CORE_PX_PER_S
        context.thread_type = "AUTO" if large else "NONE"
        if large:
            context.thread_count = min(_MAX_THREADS, os.cpu_count() or 1)

    def _first_video(self) -> VideoStream:
        if self._container.format.name == _TEXT_FORMAT:
            raise SourceError(f"{self._name} is a text file, no video")
        for stream in self._container.streams.video:
            if not stream.disposition & Disposition.attached_pic:
                return stream
        raise SourceError(f"{self._name} has no video stream")

    def packets(self) -> Iterator["Packet[VideoStream]"]:
        try:
            yield from self._container.demux(self._stream)
        except ExitError as error:  # PyAV's time-out
            raise SourceError(f"{self._name} has stalled: nothing came for too long") from error
        except FFmpegError as error:
            raise SourceError(f"{self._name} broke off ({error.strerror})") from error

    def decoded(self, packet: "Packet[VideoStream]") -> list[VideoFrame]:
        try:
            return packet.decode()
        except FFmpegError:
            self._damaged += 1
            return []

    def _note(self, time_s: float | None) -> None:
        if time_s is not None:
            self._first_s = time_s if self._first_s is None else self._first_s
            self._last_s = time_s

    def _announced_s(self) -> float:
        """How long the pictures go on; 0 where nobody says."""
        stream, whole_us = self._stream, self._container.duration
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        return 0.0 if whole_us is None else whole_us / 1e6


def open_file_container(path: Path) -> VideoContainer:
    """Open a video file or a still image. Raises SourceError."""
    if not path.exists():
        raise SourceError(f"there is no file {path}")
    try:
        # Without the prefix a colon in a file's name would be taken for a protocol's.
        container = av.open(f"file:{path}")
    except InvalidDataError as error:
        raise SourceError(f"{path} is no video that FFmpeg can read") from error
    except FFmpegError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror})") from error
    return _with_video(container, str(path))


def open_url_container(url: str, timeout_s: float) -> VideoContainer:
    """Open a stream or a file on a server; no read waits longer than timeout_s.

    Raises SourceError, which names the URL without its password.
    """
    name = without_credentials(url)
    start_s = time.monotonic()
    try:
        container = av.open(url, options=_URL_OPTIONS, timeout=timeout_s)
    except FFmpegError as error:
        waited = time.monotonic() - start_s >= timeout_s
        problem = f"no answer for {timeout_s:g} s" if waited else error.strerror
        raise SourceError(
            f"{name} cannot be opened ({problem})", "check the URL, and that it plays elsewhere"
        ) from error
    return _with_video(container, name)


def without_credentials(url: str) -> str:
    """The URL as it may be shown: user name and password left out."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _with_video(container: InputContainer, name: str) -> VideoContainer:
    try:
        return VideoContainer(container, name)
    except SourceError:
        container.close()
        raise

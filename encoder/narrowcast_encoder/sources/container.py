"""Opening what FFmpeg can read, with one clear line for all that it cannot."""

import errno
import os
import time
from collections.abc import Callable, Generator, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.error import ExitError, FFmpegError, InvalidDataError, PatchWelcomeError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from narrowcast_encoder.sources.byte_stream import ByteStream, interruptible
from narrowcast_encoder.sources.names import shown
from narrowcast_encoder.sources.tiles import TiledPictureError
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

# A playlist's size says nothing of what it lists.
_PLAYLISTS = frozenset({"hls", "dash"})

# Where nobody says how many frames a second there are, FFmpeg may name the ticks of its clock.
_MAX_RATE_HZ = 500

_NO_TIMESTAMPS = 0x80  # AVFMT_NOTIMESTAMPS (libavformat/avformat.h)


class VideoContainer:
    """An open container and its first video stream that is not a cover picture.

    The stream is decoded on the calling thread, unless it is so large that one core may not keep
    up: threads add frames of delay. A decoder with threads that is dropped undrained can hang, so
    `close` flushes it.
    """

    def __init__(
        self, container: InputContainer, name: str, release: Callable[[], None] | None = None
    ) -> None:
        """Raises SourceError where there is no video. release: called after the container's end."""
        self._container = container
        self._name = name
        self._release = release
        self._stream = self._first_video()
        rate = self._stream.average_rate or self._stream.guessed_rate
        self._use_threads(float(rate or 30))
        self.period_s = float(1 / rate) if rate and rate < _MAX_RATE_HZ else None
        # A container's aspect ratio goes before the coded stream's, which may change on the way.
        told = self._stream.sample_aspect_ratio
        self._fixed_aspect = (
            told if told != self._stream.codec_context.sample_aspect_ratio else None
        )
        self._first_s: float | None = None
        self._last_s: float | None = None
        self._damaged = 0

    @property
    def has_end(self) -> bool:
        """Whether it is a recording: it tells its duration, or its server tells its size."""
        if self._container.duration is not None:
            return True
        return self._container.format.name not in _PLAYLISTS and self._container.size > 0

    @property
    def has_times(self) -> bool:
        """Whether frames carry times of their own; FFmpeg makes some up where they do not."""
        kind = self._container.format
        return not kind.flags & _NO_TIMESTAMPS and not kind.name.endswith("_pipe")

    def sample_aspect(self) -> Fraction | None:
        """Width by height of a pixel of the frame that was decoded last; None: nobody says."""
        if self._fixed_aspect:
            return self._fixed_aspect
        return self._stream.codec_context.sample_aspect_ratio or self._stream.sample_aspect_ratio

    def frames(self, *, hanging_up_ends: bool = False) -> Generator[VideoFrame]:
        """Decoded frames in order of presentation; what is damaged is left out.

        hanging_up_ends: over HTTP without a size, a server says so that a recording has ended.
        Raises SourceError where reading breaks off, and where not one frame can be decoded.
        """
        count = 0
        for packet in self.packets(hanging_up_ends=hanging_up_ends):
            for frame in self.decoded(packet):
                count += 1
                self._note(frame.time)
                yield frame
        if count == 0:
            raise SourceError(f"{self._name} holds no frame that can be decoded")

    def missing(self) -> list[str]:
        """In words, after the last frame: what the container announces and does not hold."""
        found = []
        first_s, last_s = self._first_s or 0.0, self._last_s or 0.0
        held_s = last_s - first_s + (self.period_s or 0.0)
        announced_s = self._announced_s(first_s)
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
        if self._release is not None:
            self._release()

    def _use_threads(self, fps: float) -> None:
        context = self._stream.codec_context
        large = context.width * context.height * fps > _ONE_CORE_PX_PER_S
        context.thread_type = "AUTO" if large else "NONE"
        if large:
            context.thread_count = min(_MAX_THREADS, os.cpu_count() or 1)

    def _first_video(self) -> VideoStream:
        if self._container.format.name == _TEXT_FORMAT:
            raise SourceError(f"{self._name} is a text file, no video")
        streams = self._container.streams.video
        if any(stream.disposition & Disposition.dependent for stream in streams):
            raise TiledPictureError(
                f"{self._name} is a picture made of tiles", "save it, and name the file"
            )
        found = [s for s in streams if not s.disposition & Disposition.attached_pic]
        if not found:
            raise SourceError(f"{self._name} has no video stream")
        # A picture may come with a thumbnail, in any order.
        return next((s for s in found if s.disposition & Disposition.default), found[0])

    def packets(self, *, hanging_up_ends: bool = False) -> Iterator["Packet[VideoStream]"]:
        try:
            with interruptible():
                yield from self._container.demux(self._stream)
        except ExitError:  # PyAV's time-out; FFmpeg's errors name the URL, password and all
            raise SourceError(f"{self._name} has stalled: nothing came for too long") from None
        except FFmpegError as error:
            hung_up = error.errno == errno.EIO and self._has_no_size
            if not (hanging_up_ends and hung_up):
                raise SourceError(f"{self._name} broke off ({error.strerror})") from None

    @property
    def _has_no_size(self) -> bool:
        return self._container.format.name != "rtsp" and self._container.size <= 0

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

    def _announced_s(self, first_s: float) -> float:
        """How long the pictures go on, of which the first is at `first_s`; 0 where nobody says."""
        stream, whole_us = self._stream, self._container.duration
        if stream.duration is not None and stream.time_base is not None:
            told_s = float(stream.duration * stream.time_base)
        else:
            told_s = 0.0 if whole_us is None else whole_us / 1e6
        # Times may begin anywhere, at Unix time even, and with many writers the duration is then
        # the time of the end. Where it may be, it is taken for that: better one alarm missed than
        # false ones.
        return told_s - first_s if told_s > first_s > _SHORT_S else told_s


def open_file_container(path: Path) -> VideoContainer:
    """Open a video file or a still image. Raises SourceError."""
    if not path.exists():
        hint = "a URL begins with rtsp:// or http://" if "@" in str(path) else ""
        raise SourceError(f"there is no file {shown(str(path))}", hint)
    try:
        # Without the prefix a colon in a file's name would be taken for a protocol's.
        container = av.open(f"file:{path}")
    except InvalidDataError as error:
        raise SourceError(f"{path} is no video that FFmpeg can read") from error
    except FFmpegError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror})") from error
    return _with_video(container, str(path))


def open_stream_container(stream: ByteStream, name: str) -> VideoContainer:
    """Open what comes as bytes in order, as from a pipe. Raises SourceError.

    What FFmpeg can only read by going back in it is first read to its end: MP4 as phones write it,
    and HEIF pictures.
    """
    try:
        container = av.open(stream, "r")
    except FFmpegError as error:
        if stream.count == 0:
            raise SourceError(f"{name} is empty") from error
        if stream.has_ended or isinstance(error, PatchWelcomeError):
            return _open_whole(stream, name)
        raise SourceError(f"{name} is no video that FFmpeg can read") from error
    found = _with_video(container, name)
    stream.forget()
    return found


def _open_whole(stream: ByteStream, name: str) -> VideoContainer:
    try:
        container = av.open(stream.whole(), "r")
    except FFmpegError as error:
        raise SourceError(f"{name} is no video that FFmpeg can read") from error
    return _with_video(container, name, stream.forget)


def open_url_container(url: str, timeout_s: float) -> VideoContainer:
    """Open a stream or a file on a server; no read waits longer than timeout_s.

    Raises SourceError, which names the URL without its password.
    """
    name = shown(url)
    start_s = time.monotonic()
    try:
        container = av.open(url, options=_URL_OPTIONS, timeout=timeout_s)
    except FFmpegError as error:  # its text has the URL, password and all
        waited = time.monotonic() - start_s >= timeout_s
        problem = f"no answer for {timeout_s:g} s" if waited else error.strerror
        remedy = "check the URL, and that it plays elsewhere"
        if isinstance(error, PatchWelcomeError):  # from a server that cannot give parts of a file
            remedy = "save it, and name the file"
        raise SourceError(f"{name} cannot be opened ({problem})", remedy) from None
    return _with_video(container, name)


def _with_video(
    container: InputContainer, name: str, release: Callable[[], None] | None = None
) -> VideoContainer:
    try:
        return VideoContainer(container, name, release)
    except SourceError:
        container.close()
        raise

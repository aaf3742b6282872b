"""Live streams over loopback whose every frame's time of capture is known to the test.

A camera is simulated by the clock: frame `n` is captured at `Camera.captured_s(n)`, and no server
sends it earlier. Its picture carries `n` as eight bars, black or white.
"""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from functools import cache

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

FPS = 25
GOP = 25
SIDE = 64
BITS = 10
START = 10 * FPS
HEADER = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%sConnection: close\r\n\r\n"


def picture(number: int, side: int = SIDE) -> NDArray[np.uint8]:
    """A frame that shows its number: uint8 [side, 2 * side, 3]."""
    image = np.zeros((side, side * 2, 3), np.uint8)
    width = image.shape[1] // BITS
    for bit in range(BITS):
        if number >> bit & 1:
            image[:, bit * width : (bit + 1) * width] = 255
    return image


def number_of(image: NDArray[np.uint8]) -> int:
    """What `picture` was given."""
    width = image.shape[1] // BITS
    bars = [image[8:-8, bit * width + 4 : (bit + 1) * width - 4].mean() for bit in range(BITS)]
    return sum(1 << bit for bit, bar in enumerate(bars) if bar > 128)


class _Pipe(io.RawIOBase):
    """Collects what the muxer writes."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.data += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self.data)
        self.data.clear()
        return data


@cache
def transport_stream(frames: int, first: int = 0, side: int = SIDE) -> tuple[bytes, ...]:
    """MPEG transport stream, cut so that each part completes one frame; a keyframe every second."""
    pipe, parts = _Pipe(), []
    options = {"flush_packets": "1", "mpegts_flags": "resend_headers"}
    with av.open(pipe, "w", format="mpegts", options=options) as container:
        stream = container.add_stream("libx264", rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = side * 2, side, "yuv420p"
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(GOP)}
        stream.codec_context.time_base = Fraction(1, FPS)
        for number in range(first, first + frames):
            frame = VideoFrame.from_ndarray(picture(number, side), format="bgr24")
            frame.pts, frame.time_base = number + START, Fraction(1, FPS)
            container.mux(stream.encode(frame))
            parts.append(pipe.take())
        container.mux(stream.encode(None))
    parts[-1] += pipe.take()
    return tuple(parts)


class Camera:
    """When each frame is captured, by the wall clock."""

    def __init__(self, backlog: int = 0) -> None:
        """backlog: frames that were captured before now."""
        self.zero_s = time.time() - backlog / FPS

    def captured_s(self, number: int) -> float:
        return self.zero_s + number / FPS

    def wait_for(self, number: int, delay_s: float = 0.0) -> None:
        time.sleep(max(0.0, self.captured_s(number) + delay_s - time.time()))


Answer = Callable[[socket.socket, str], None]
"""Answers one request, given its connection and path; the connection is closed behind it."""


def _handle(connection: socket.socket, answer: Answer) -> None:
    with suppress(OSError), connection:  # the reader may be gone
        request = connection.recv(65536).decode(errors="replace")
        if request:
            answer(connection, request.split()[1])


@contextmanager
def http_server(answer: Answer, port: int = 0) -> Iterator[str]:
    """Gives host:port. Every request has a thread; those that still send are cut off at the end."""
    server = socket.create_server(("127.0.0.1", port))
    connections: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:  # closed: the test is over
                return
            connections.append(connection)
            threads.append(threading.Thread(target=_handle, args=(connection, answer)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        acceptor.join()
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def send_stream(
    connection: socket.socket,
    camera: Camera,
    frames: int,
    *,
    first: int = 0,
    delay_s: Callable[[int], float] = lambda _: 0.0,
) -> None:
    """The camera's stream from frame `first` on, each frame when it was captured and the delay of
    all up to it is over.
    """
    connection.sendall(HEADER % (b"video/mp2t", b""))
    for place, part in enumerate(transport_stream(frames, first)):
        number = first + place
        camera.wait_for(number, delay_s(number))
        connection.sendall(part)

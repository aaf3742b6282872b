"""URLs, served over loopback: streams that go on, stall, break off or are refused."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from narrowcast_encoder.sources import open_source
from narrowcast_shared.errors import SourceError

MakeVideo = Callable[[str, Sequence[int]], Path]

TIMES_MS = [40 * n for n in range(50)]
HEADER = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%sConnection: close\r\n\r\n"


@contextmanager
def serving(answer: bytes, *, stall: bool = False) -> Iterator[str]:
    """Answers every request with these bytes, then hangs up or falls silent. Gives host:port."""
    done = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:  # closed: the test is over
                return
            with connection:
                connection.recv(65536)
                connection.sendall(answer)
                if stall:
                    done.wait(30)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        done.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


@pytest.fixture
def stream(make_video: MakeVideo) -> bytes:
    """An MPEG transport stream of 50 frames, without a length: live, to whoever reads it."""
    return make_video("clip.ts", TIMES_MS).read_bytes()


def test_a_live_stream_is_stamped_by_the_clock(stream: bytes) -> None:
    ticks = iter(range(1000, 2000))
    with serving(HEADER % (b"video/mp2t", b"") + stream) as host:
        url = f"http://{host}/live.ts"
        with open_source(url, clock=lambda: float(next(ticks)), timeout_s=5) as source:
            assert source.live
            first, second = next(source), next(source)
    assert (first.t_s, second.t_s) == (1000, 1001)
    assert first.image.shape == (64, 96, 3)


def test_a_file_on_a_web_server_is_a_recording(make_video: MakeVideo) -> None:
    data = make_video("clip.avi", TIMES_MS).read_bytes()
    length = b"Content-Length: %d\r\n" % len(data)
    with (
        serving(HEADER % (b"video/x-msvideo", length) + data) as host,
        open_source(f"http://{host}/clip.avi", timeout_s=5) as source,
    ):
        assert not source.live
        times = [frame.t_s for frame in source]
    assert times == pytest.approx([0.04 * n for n in range(50)])


def test_a_stream_that_stalls_is_given_up(stream: bytes) -> None:
    with serving(HEADER % (b"video/mp2t", b"") + stream[: len(stream) // 2], stall=True) as host:
        start_s = time.monotonic()
        with (
            pytest.raises(SourceError, match="has stalled"),
            open_source(f"http://{host}/live.ts", timeout_s=1) as source,
        ):
            list(source)
    assert time.monotonic() - start_s < 60


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_server_that_says_nothing_is_given_up(scheme: str) -> None:
    with (
        serving(b"", stall=True) as host,
        pytest.raises(SourceError, match=r"no answer for 0\.5 s"),
    ):
        open_source(f"{scheme}://{host}/live", timeout_s=0.5)


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_refused_connection_names_the_url_without_its_password(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(SourceError, match="cannot be opened") as caught:
        open_source(f"{scheme}://me:secret@127.0.0.1:{port}/live")
    assert f"127.0.0.1:{port}/live" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_page_that_is_no_video() -> None:
    page = b"<html>no video here</html>" * 100
    with (
        serving(HEADER % (b"text/html", b"Content-Length: %d\r\n" % len(page)) + page) as host,
        pytest.raises(SourceError, match="cannot be opened"),
    ):
        open_source(f"http://{host}/", timeout_s=2)


def test_a_page_that_is_not_there() -> None:
    with (
        serving(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as host,
        pytest.raises(SourceError, match=r"cannot be opened .*404"),
    ):
        open_source(f"http://{host}/live.ts", timeout_s=2)


def test_an_unknown_scheme() -> None:
    with pytest.raises(SourceError, match="use one of rtsp, rtsps, http, https"):
        open_source("ftp://127.0.0.1/clip.mp4")

"""URLs, served over loopback: streams that go on, stall, break off or are refused."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from narrowcast_encoder.sources import open_source
from narrowcast_shared.errors import SourceError

from . import heif

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


@contextmanager
def serving_folder(folder: Path) -> Iterator[str]:
    """The files of a folder, as a web server has them. Gives host:port."""
    handler = partial(Silent, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


@pytest.fixture
def stream(make_video: MakeVideo) -> bytes:
    """An MPEG transport stream of 50 frames, without a length: live, to whoever reads it."""
    return make_video("clip.ts", TIMES_MS).read_bytes()


def test_a_live_stream_is_stamped_by_the_clock_at_its_own_distances(stream: bytes) -> None:
    with (
        serving(HEADER % (b"video/mp2t", b"") + stream) as host,
        open_source(f"http://{host}/live.ts", clock=time.time, timeout_s=5) as source,
    ):
        assert source.live
        first, second = islice((frame for frame in source if not frame.old), 2)
    assert second.t_s - first.t_s == pytest.approx(0.04, abs=0.001)
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


@pytest.mark.parametrize("name", ["clip.ts", "clip.mkv"])
def test_a_stream_is_read_as_a_recording_on_request(name: str, make_video: MakeVideo) -> None:
    """As for scoring: its own times from its first frame on, and hanging up is its end."""
    data = make_video(name, [7000 + time for time in TIMES_MS]).read_bytes()
    with (
        serving(HEADER % (b"application/octet-stream", b"") + data) as host,
        open_source(f"http://{host}/live", timeout_s=20, as_recording=True) as source,
    ):
        assert not source.live
        times = [frame.t_s for frame in source]
    assert times == pytest.approx([0.04 * n for n in range(50)], abs=0.002)


@pytest.mark.parametrize(
    ("ticks", "times"),
    [
        ([1000, 1001, 1002, 1003, 1004], [0, 1, 2, 3, 4]),
        ([1000, 1000, 1000, 1000, 1004], [0, 1 / 60, 2 / 60, 3 / 60, 4]),  # sent at once
    ],
)
def test_pictures_of_a_network_camera_have_the_time_at_which_they_come(
    ticks: list[int], times: list[float]
) -> None:
    """JPEG pictures over HTTP carry no times; what FFmpeg makes up for them is not theirs."""
    clock = iter(ticks)
    jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), 99, np.uint8))[1].tobytes()
    part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
    kind = b"multipart/x-mixed-replace; boundary=frame"
    with (
        serving(HEADER % (kind, b"") + 5 * (part + jpeg + b"\r\n")) as host,
        open_source(
            f"http://{host}/video.mjpg",
            clock=lambda: float(next(clock)),
            timeout_s=20,
            as_recording=True,
        ) as source,
    ):
        assert [frame.t_s for frame in source] == pytest.approx(times, abs=1e-6)


def test_a_live_stream_that_hangs_up_broke_off(stream: bytes) -> None:
    with (
        serving(HEADER % (b"video/mp2t", b"") + stream) as host,
        pytest.raises(SourceError, match="broke off"),
        open_source(f"http://{host}/live.ts?key=secret", timeout_s=20) as source,
    ):
        list(source)


def test_a_file_without_a_duration_is_a_recording_by_its_size(make_pipe_file: MakeVideo) -> None:
    data = make_pipe_file("clip.mkv", TIMES_MS).read_bytes()
    length = b"Content-Length: %d\r\n" % len(data)
    with serving(HEADER % (b"video/webm", length) + data) as host:
        with open_source(f"http://{host}/clip.webm", timeout_s=20) as source:
            assert not source.live
            assert [frame.t_s for frame in source] == pytest.approx(
                [0.04 * n for n in range(50)], abs=0.002
            )
        with open_source(f"http://{host}/clip.webm", timeout_s=20, loop=True) as source:
            times = [next(source).t_s for _ in range(52)]
    assert times[50:] == pytest.approx([2.0, 2.04], abs=0.002)


def test_what_is_live_cannot_be_replayed(stream: bytes) -> None:
    with (
        serving(HEADER % (b"video/mp2t", b"") + stream) as host,
        pytest.raises(SourceError, match=r"/live\.ts is live: .* leave out --loop") as caught,
    ):
        open_source(f"http://me:secret@{host}/live.ts", timeout_s=20, loop=True)
    assert "secret" not in str(caught.value)
    with pytest.raises(SourceError, match="camera 0 has no end to replay: leave out --loop"):
        open_source("0", loop=True)


PLAYLIST = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\nclip.ts\n"


@pytest.mark.parametrize(("end", "is_live"), [("#EXT-X-ENDLIST\n", False), ("", True)])
def test_a_playlist_with_an_end_is_a_recording(
    end: str, is_live: bool, make_video: MakeVideo, tmp_path: Path
) -> None:
    make_video("clip.ts", TIMES_MS)
    (tmp_path / "list.m3u8").write_text(PLAYLIST + end)
    with (
        serving_folder(tmp_path) as host,
        open_source(f"http://{host}/list.m3u8", timeout_s=20) as source,
    ):
        assert source.live is is_live
        if not is_live:  # what is live may be too old by now, on a machine that is busy
            assert next(source).image.shape == (64, 96, 3)


def test_a_tiled_picture_on_a_server_is_refused(tmp_path: Path) -> None:
    heif.write(tmp_path / "face.avif", np.full((128, 128, 3), 99, np.uint8), heif.AVIF, 1, 2)
    with (
        serving_folder(tmp_path) as host,
        pytest.raises(SourceError, match="save it, and name the file"),
    ):
        open_source(f"http://{host}/face.avif", timeout_s=20)


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

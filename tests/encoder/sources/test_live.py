"""Live streams of real servers: every frame has the time of its capture, none is lost unseen."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from narrowcast_encoder.sources import CapturedFrame, FrameSource, open_source
from narrowcast_encoder.sources.live import MAX_OLD_S
from narrowcast_shared.errors import SourceError

from ...live_servers import (  # noqa: TID252 - the one there is
    FPS,
    HEADER,
    Camera,
    http_server,
    number_of,
    picture,
    send_stream,
    transport_stream,
)

NEAR_S = 1.0
"""What a busy machine may add to a time of capture; the faults that are looked for are larger."""


def read(source: FrameSource, frames: int) -> list[CapturedFrame]:
    """So many frames, those that are skipped among them; fewer where the source ends before."""
    taken: list[CapturedFrame] = []
    for frame in source:
        taken.append(frame)
        if len(taken) == frames:
            break
    return taken


def check_times(frames: list[CapturedFrame], camera: Camera, first: int = 0) -> None:
    """That frame `first + n` is the camera's, with its time, and those looked at are their own."""
    times = [frame.t_s for frame in frames]
    assert times == sorted(times)
    for number, frame in enumerate(frames, first):
        assert abs(frame.t_s - camera.captured_s(number)) < NEAR_S, number
        if not frame.old:
            assert number_of(frame.image) == number


def test_what_a_server_has_kept_is_old_and_what_follows_is_of_its_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Twelve seconds of the past are sent at once; they used to be stamped with now."""
    backlog, live = 12 * FPS, 2 * FPS
    camera = Camera(backlog)

    def answer(connection: socket.socket, _: str) -> None:
        send_stream(connection, camera, backlog + live)

    with (
        http_server(answer) as host,
        open_source(f"http://{host}/live.ts", timeout_s=30) as source,
    ):
        frames = []
        while not frames or frames[-1].old or number_of(frames[-1].image) < backlog + FPS:
            frames += read(source, 1)
    first = number_of(frames[-1].image) + 1 - len(frames)
    check_times(frames, camera, first)
    looked_at = [frame for frame in frames if not frame.old]
    assert number_of(looked_at[0].image) >= backlog - (MAX_OLD_S + NEAR_S) * FPS
    assert len([text for text in caplog.messages if "read late" in text]) <= 1


def test_frames_that_nobody_took_in_time_are_skipped_with_their_times() -> None:
    """As when the process was stopped, or a decoder did not answer for long."""
    camera = Camera()
    away = threading.Event()

    def answer(connection: socket.socket, _: str) -> None:
        send_stream(connection, camera, 9 * FPS)

    with (
        http_server(answer) as host,
        open_source(f"http://{host}/live.ts", timeout_s=30) as source,
    ):
        before = read(source, FPS)
        away.wait(5.0)
        behind = read(source, 7 * FPS)
    check_times(before + behind, camera)
    old = sum(frame.old for frame in behind)
    assert old >= 2 * FPS
    assert not behind[-1].old


def test_a_burst_of_the_network_keeps_its_times() -> None:
    camera = Camera()

    def held_up(number: int) -> float:
        """Frames 50 to 124 come together, three seconds after the first of them."""
        return 3.0 - (number - 50) / FPS if 50 <= number < 125 else 0.0

    def answer(connection: socket.socket, _: str) -> None:
        send_stream(connection, camera, 200, delay_s=held_up)

    with (
        http_server(answer) as host,
        open_source(f"http://{host}/live.ts", timeout_s=30) as source,
    ):
        check_times(read(source, 195), camera)


def test_a_camera_that_pauses_is_followed_again() -> None:
    """Its own clock stood still: what comes behind is of now, not of three seconds ago."""
    camera = Camera()

    def answer(connection: socket.socket, _: str) -> None:
        send_stream(
            connection, camera, 8 * FPS, delay_s=lambda number: 3.0 if number >= 50 else 0.0
        )

    with (
        http_server(answer) as host,
        open_source(f"http://{host}/live.ts", timeout_s=30) as source,
    ):
        frames = read(source, 8 * FPS - 5)
    last = frames[-FPS:]
    assert not any(frame.old for frame in last)
    for number, frame in enumerate(last, len(frames) - FPS):
        assert abs(frame.t_s - (camera.captured_s(number) + 3.0)) < NEAR_S


def test_a_stream_that_is_opened_early_is_read_and_forgotten_until_it_is_wanted() -> None:
    """No decoder answers for a while: nothing piles up, and the first frame is of now."""
    camera = Camera()

    def answer(connection: socket.socket, _: str) -> None:
        send_stream(connection, camera, 8 * FPS)

    with (
        http_server(answer) as host,
        open_source(f"http://{host}/live.ts", timeout_s=30) as source,
    ):
        time.sleep(5.0)
        began_s = time.time()
        first = next(frame for frame in source if not frame.old)
    assert began_s - first.t_s < MAX_OLD_S + NEAR_S
    assert abs(first.t_s - camera.captured_s(number_of(first.image))) < NEAR_S
    assert number_of(first.image) > 2 * FPS


def test_pictures_without_a_time_are_stamped_as_they_arrive() -> None:
    """Motion JPEG: FFmpeg makes up 25 a second; the camera sends ten."""
    sent: list[float] = []

    def answer(connection: socket.socket, _: str) -> None:
        connection.sendall(HEADER % (b"multipart/x-mixed-replace; boundary=b", b""))
        for number in range(60):
            time.sleep(0.1)
            data = cv2.imencode(".jpg", picture(number))[1].tobytes()
            sent.append(time.time())
            connection.sendall(b"--b\r\nContent-Type: image/jpeg\r\n")
            connection.sendall(b"Content-Length: %d\r\n\r\n%s\r\n" % (len(data), data))

    with http_server(answer) as host, open_source(f"http://{host}/v.mjpg", timeout_s=30) as source:
        frames = read(source, 40)
    for frame in frames[-20:]:
        assert abs(frame.t_s - sent[number_of(frame.image)]) < NEAR_S


def hang_up_after(frames: int, camera: Camera) -> Callable[[socket.socket, str], None]:
    """Each connection brings the stream from now on, and is closed after so many frames."""

    def answer(connection: socket.socket, _: str) -> None:
        first = max(0, int((time.time() - camera.zero_s) * FPS)) // FPS * FPS
        send_stream(connection, camera, frames, first=first)

    return answer


def test_a_camera_that_hangs_up_is_connected_again(caplog: pytest.LogCaptureFixture) -> None:
    camera = Camera()
    with (
        http_server(hang_up_after(2 * FPS, camera)) as host,
        open_source(f"http://{host}/live.ts", timeout_s=30, patience_s=60) as source,
    ):
        frames = read(source, 5 * FPS)
    times = [frame.t_s for frame in frames]
    assert times == sorted(times)
    for frame in frames:
        if not frame.old:
            assert abs(frame.t_s - camera.captured_s(number_of(frame.image))) < NEAR_S
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert any(text.endswith("connecting again") for text in told)
    assert any(text.endswith("is back") for text in told)


def test_a_camera_that_stays_away_is_an_error_and_no_end() -> None:
    camera = Camera()
    with http_server(hang_up_after(FPS, camera)) as host:
        url = f"http://me:secret@{host}/live.ts"
        source = open_source(url, timeout_s=30, patience_s=0.5)
        read(source, FPS // 2)
    with source, pytest.raises(SourceError, match=r"/live\.ts stayed away for 0\.5 s") as caught:
        read(source, 10 * FPS)
    assert "secret" not in str(caught.value)
    assert "--patience" in caught.value.remedy


def test_waiting_for_a_camera_ends_when_it_is_asked_to() -> None:
    camera = Camera()
    with http_server(hang_up_after(FPS, camera)) as host:
        source = open_source(f"http://{host}/live.ts", timeout_s=30, patience_s=3600)
        read(source, FPS // 2)
    reading = threading.Thread(target=lambda: read(source, 1000 * FPS))
    reading.start()
    time.sleep(1.0)
    source.interrupt()
    reading.join(30)
    assert not reading.is_alive()
    source.close()


@pytest.fixture
def playlist() -> Iterator[tuple[str, Camera]]:
    """A live HLS playlist of segments of one second; the last three are listed."""
    camera = Camera(4 * FPS)
    parts = transport_stream(40 * FPS)

    def answer(connection: socket.socket, path: str) -> None:
        if path.endswith(".m3u8"):
            last = int((time.time() - camera.zero_s) * FPS) // FPS - 1
            names = "".join(f"#EXTINF:1.0,\n{n}.ts\n" for n in range(last - 2, last + 1))
            head = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{last - 2}\n"
            kind, data = b"application/vnd.apple.mpegurl", (head + names).encode()
        else:
            number = int(path.rpartition("/")[2].removesuffix(".ts"))
            kind, data = b"video/mp2t", b"".join(parts[number * FPS : (number + 1) * FPS])
        connection.sendall(HEADER % (kind, b"Content-Length: %d\r\n" % len(data)) + data)

    with http_server(answer) as host:
        yield f"http://{host}/live.m3u8", camera


def test_live_hls_is_stamped_with_capture_and_comes_evenly(
    playlist: tuple[str, Camera],
) -> None:
    url, camera = playlist
    with open_source(url, timeout_s=30) as source:
        frames, came = [], []
        for frame in source:
            if not frame.old:
                frames.append(frame)
                came.append(time.time())
            if len(frames) == 8 * FPS:
                break
    for frame in frames:
        error_s = frame.t_s - camera.captured_s(number_of(frame.image))
        assert abs(error_s) < 1 + NEAR_S, "within a segment"
    gaps = [after.t_s - before.t_s for before, after in pairwise(frames)]
    assert np.median(gaps) == pytest.approx(1 / FPS, abs=0.01)
    waits = sorted(after - before for before, after in pairwise(came))
    assert waits[len(waits) // 2] > 0.01, "one after the other, not a segment at a time"


@pytest.mark.parametrize("kind", ["stream", "file"])
def test_closing_a_large_video_never_hangs(kind: str, tmp_path: Path) -> None:
    """Large pictures are decoded by several threads, which can deadlock when dropped early."""
    data = b"".join(transport_stream(75, side=960))
    path = tmp_path / "large.ts"
    path.write_bytes(data)

    def answer(connection: socket.socket, _: str) -> None:
        connection.sendall(HEADER % (b"video/mp2t", b"") + data)
        connection.recv(1)  # until it is closed

    closed = threading.Event()

    def open_and_close() -> None:
        with http_server(answer) as host:
            for frames in (0, 1, 2, 5, 9, 14):
                url = f"http://{host}/live.ts" if kind == "stream" else str(path)
                with open_source(url, timeout_s=30) as source:
                    assert len(read(source, frames) if frames else []) == frames
                del source
        closed.set()

    threading.Thread(target=open_and_close, daemon=True).start()
    assert closed.wait(100)

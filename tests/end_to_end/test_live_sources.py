"""Network cameras and pipes through encoder and decoder as processes: what the series tells."""

import os
import signal
import socket
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from narrowcast_encoder.sources import open_source
from narrowcast_lab import processes
from narrowcast_shared.samples import Sample, Status

from ..live_servers import (  # noqa: TID252 - the one there is
    FPS,
    Camera,
    http_server,
    send_stream,
    transport_stream,
)
from .series import read

pytestmark = pytest.mark.timeout(300)

SESSION = "door"
LIMIT_S = 120.0


def encode(source: str, url: str, *arguments: str) -> list[str]:
    return ["encode", source, "--to", url, "--session", SESSION, *arguments]


def until_samples(url: str, count: int) -> None:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        try:
            session = processes.get_json(f"{url}/v1/sessions/{SESSION}")
            if session["samples"] >= count:  # type: ignore[operator]
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{count} samples did not arrive")


def per_second(samples: list[Sample]) -> Counter[int]:
    return Counter(int(sample.t) for sample in samples)


def test_a_camera_that_stays_away_leaves_an_interrupted_session_and_an_error(folder: Path) -> None:
    gone = threading.Event()

    def answer(connection: socket.socket, _: str) -> None:
        if not gone.is_set():
            send_stream(connection, Camera(), 6 * FPS)
        gone.set()

    log = folder / "encoder.log"
    with processes.decoder(folder) as url, http_server(answer) as host:
        source = f"http://me:secret@{host}/live.ts"
        with processes.narrowcast(encode(source, url, "--patience", "0.5s"), log) as encoder:
            assert encoder.wait(LIMIT_S) == 2
        state, samples = read(url, SESSION)
    told = log.read_text()
    assert state == "interrupted"
    assert len(samples) >= FPS
    assert "connecting again" in told
    assert "stayed away for 0.5 s" in told
    assert "Traceback" not in told


def test_a_recording_that_ends_is_a_session_that_has_ended(folder: Path) -> None:
    path = folder / "clip.ts"
    path.write_bytes(b"".join(transport_stream(2 * FPS)))
    with processes.decoder(folder) as url:
        with processes.narrowcast(encode(str(path), url), folder / "encoder.log") as encoder:
            assert encoder.wait(LIMIT_S) == 0
        state, samples = read(url, SESSION)
    assert (state, len(samples)) == ("ended", 2 * FPS)


def test_what_a_camera_sent_before_a_decoder_answered_is_of_no_session(folder: Path) -> None:
    """Five seconds of it used to be stamped with the time of the welcome."""
    camera = Camera()
    port = processes.free_port()
    url = f"http://127.0.0.1:{port}"

    def answer(connection: socket.socket, _: str) -> None:
        send_stream(connection, camera, 60 * FPS)

    with (
        http_server(answer) as host,
        processes.narrowcast(encode(f"http://{host}/live.ts", url), folder / "log") as encoder,
    ):
        time.sleep(5.0)
        assert encoder.poll() is None
        with processes.decoder(folder, port=port):
            until_samples(url, 3 * FPS)
            now_s = time.time()
            _, samples = read(url, SESSION)
            encoder.send_signal(signal.SIGTERM)
            assert encoder.wait(LIMIT_S) == 0
    counts = per_second(samples)
    assert max(counts.values()) <= FPS + 2, "no second holds more than was captured in it"
    assert samples[-1].t <= now_s


def test_a_process_that_was_stopped_skips_what_it_missed_on_record(folder: Path) -> None:
    camera = Camera()

    def answer(connection: socket.socket, _: str) -> None:
        send_stream(connection, camera, 60 * FPS)

    with (
        processes.decoder(folder) as url,
        http_server(answer) as host,
        processes.narrowcast(encode(f"http://{host}/live.ts", url), folder / "log") as encoder,
    ):
        until_samples(url, 2 * FPS)
        encoder.send_signal(signal.SIGSTOP)
        stopped_s = time.time()
        time.sleep(6.0)
        encoder.send_signal(signal.SIGCONT)
        woke_s = time.time()
        until_samples(url, 10 * FPS)
        encoder.send_signal(signal.SIGTERM)
        assert encoder.wait(LIMIT_S) == 0
        _, samples = read(url, SESSION)
    counts = per_second(samples)
    assert max(counts.values()) <= FPS + 2
    missed = [sample for sample in samples if stopped_s + 1 < sample.t < woke_s - 3]
    assert len(missed) >= 1.5 * FPS, "each captured frame has its sample, at its time"
    assert {sample.status for sample in missed} == {Status.SKIPPED}
    assert Status.NO_FACE in {sample.status for sample in samples if sample.t > woke_s}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_that_stalls_is_followed_again(folder: Path) -> None:
    """After two seconds without a frame every later one used to be skipped."""
    pipe = folder / "pipe.ts"
    os.mkfifo(pipe)
    parts = transport_stream(10 * FPS)
    stalled = threading.Event()

    def write() -> None:
        with pipe.open("wb", buffering=0) as out:
            out.write(b"".join(parts[: 4 * FPS]))
            stalled.wait(LIMIT_S)
            camera = Camera(4 * FPS)
            for number, part in enumerate(parts[4 * FPS :], 4 * FPS):
                camera.wait_for(number)
                out.write(part)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    log = folder / "encoder.log"
    with processes.decoder(folder) as url:
        with processes.narrowcast(encode(str(pipe), url), log) as encoder:
            until_samples(url, 4 * FPS - 20)
            time.sleep(2.0)
            stalled.set()
            assert encoder.wait(LIMIT_S) == 0
        state, samples = read(url, SESSION)
    writer.join(LIMIT_S)
    assert (state, len(samples)) == ("ended", 10 * FPS)
    looked_at = [sample.status is Status.NO_FACE for sample in samples]
    assert sum(looked_at[-3 * FPS :]) >= 2 * FPS
    assert samples[-1].t - samples[0].t > 10 + 1


def test_a_jump_of_time_stamps_is_told_and_not_waited_for(folder: Path) -> None:
    """Two streams joined, whose times are hours apart: the encoder used to sleep over it."""
    path = folder / "joined.ts"
    path.write_bytes(b"".join(transport_stream(FPS) + transport_stream(FPS, first=100_000)))
    with processes.decoder(folder) as url:
        with processes.narrowcast(encode(str(path), url), folder / "encoder.log") as encoder:
            assert encoder.wait(LIMIT_S) == 0
        _, samples = read(url, SESSION)
    assert len(samples) == 2 * FPS
    assert samples[-1].t - samples[0].t < 30
    assert "time stamps jump by +" in (folder / "encoder.log").read_text()
    with open_source(str(path)) as source:  # as `score` does
        times = [frame.t_s for frame in source]
    assert times == pytest.approx([number / FPS for number in range(2 * FPS)], abs=0.01)

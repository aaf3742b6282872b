"""A network camera: a real RTSP server, which goes away and comes back."""

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from narrowcast_encoder.sources import CapturedFrame, FrameSource, open_source
from narrowcast_shared.errors import SourceError

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).with_name("rtsp_server.py")
PROBE = """
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
assert all(map(Gst.ElementFactory.find, ["videotestsrc", "x264enc", "rtph264pay"]))
"""
PACKAGES = "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-{good,bad,ugly}"


@pytest.fixture(scope="module", autouse=True)
def gstreamer() -> None:
    if not Path(SYSTEM_PYTHON).exists() or sys.platform != "linux":
        pytest.skip(f"no RTSP server: it needs {SYSTEM_PYTHON} of Debian, and {PACKAGES}")
    probed = subprocess.run([SYSTEM_PYTHON, "-c", PROBE], capture_output=True, check=False)
    if probed.returncode:
        pytest.skip(f"no RTSP server: apt-get install {PACKAGES}")


@contextmanager
def rtsp_camera(port: int = 0) -> Iterator[int]:
    """Gives the port. Port 0: any that is free."""
    command = [SYSTEM_PYTHON, str(SERVER), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()


def read(source: FrameSource, frames: int) -> list[CapturedFrame]:
    taken: list[CapturedFrame] = []
    while len(taken) < frames:
        taken += [frame for frame in [next(source)] if not frame.old]
    return taken


def test_frames_come_with_even_times_of_capture_before_now() -> None:
    with (
        rtsp_camera() as port,
        open_source(f"rtsp://127.0.0.1:{port}/live", timeout_s=30) as source,
    ):
        assert source.live
        frames = [next(source) for _ in range(100)]
        now_s = time.time()
    assert {frame.image.shape for frame in frames if not frame.old} == {(240, 320, 3)}
    times = [frame.t_s for frame in frames]
    assert times[-1] <= now_s
    gaps = sorted(after - before for before, after in pairwise(times))
    assert gaps[0] >= 0
    assert gaps[len(gaps) // 2] == pytest.approx(0.04, abs=0.005)


def test_what_waited_in_a_buffer_is_skipped_with_its_time() -> None:
    with (
        rtsp_camera() as port,
        open_source(f"rtsp://127.0.0.1:{port}/live", timeout_s=30) as source,
    ):
        read(source, 25)
        time.sleep(5)
        behind = [next(source) for _ in range(150)]
    old = [frame for frame in behind if frame.old]
    assert len(old) >= 25
    times = [frame.t_s for frame in behind]
    gaps = [after - before for before, after in pairwise(times)]
    assert min(gaps) >= 0
    assert max(gaps) < 1, "no frame is missing between those that are skipped"


def test_a_camera_that_restarts_is_connected_again(caplog: pytest.LogCaptureFixture) -> None:
    with rtsp_camera() as port:
        source = open_source(f"rtsp://127.0.0.1:{port}/live", timeout_s=5, patience_s=100)
        before = read(source, 25)
    with source, rtsp_camera(port):
        behind = read(source, 50)
    assert behind[-1].t_s > before[-1].t_s
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len([text for text in told if text.endswith("connecting again")]) == 1
    assert len([text for text in told if text.endswith("is back")]) == 1


def test_a_camera_that_is_gone_is_an_error_without_its_password() -> None:
    with rtsp_camera() as port:
        url = f"rtsp://me:secret@127.0.0.1:{port}/live"
        source = open_source(url, timeout_s=5, patience_s=1)
        read(source, 25)
    with source, pytest.raises(SourceError, match=r"127\.0\.0\.1:\d+/live stayed away") as caught:
        read(source, 1000)
    assert "secret" not in str(caught.value)

"""What is piped in: a real pipe into a process of its own, whatever FFmpeg can read."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import av
import cv2
import numpy as np
import pytest

from narrowcast_encoder.sources import open_source
from narrowcast_shared.errors import SourceError

from . import heif

MakeVideo = Callable[[str, Sequence[int]], Path]

TIMES_MS = [40 * n for n in range(20)]

READER = """
import json
from narrowcast_encoder.sources import open_source
from narrowcast_shared.errors import SourceError
try:
    with open_source("-") as source:
        live = source.live
        frames = [(frame.t_s, frame.image.shape) for frame in source]
    print(json.dumps({"live": live, "frames": frames}))
except SourceError as error:
    print(json.dumps({"error": str(error)}))
"""

WAITER = """
import signal, sys
from narrowcast_encoder.sources import open_source
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
try:
    print("waits", flush=True)
    with open_source("-") as source:
        for frame in source:
            print(frame.t_s)
except (KeyboardInterrupt, SystemExit):
    print("ended by the signal")
    sys.exit(1)
"""


def read_from(stdin: int | IO[bytes]) -> dict[str, Any]:
    """What a process makes of this standard input, warnings being errors."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", READER],
        stdin=stdin,
        capture_output=True,
        timeout=100,
        check=True,
    )
    assert ended.stderr == b"", ended.stderr.decode()
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def read_piped(data: bytes) -> dict[str, Any]:
    """As `cat FILE | ...`: nobody can go back in a pipe."""
    out, into = os.pipe()
    with os.fdopen(out, "rb") as end:
        writer = threading.Thread(target=_write, args=(into, data))
        writer.start()
        try:
            return read_from(end)
        finally:
            end.close()  # a writer that still has something learns that nobody reads
            writer.join()


def _write(into: int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), os.fdopen(into, "wb") as pipe:
        pipe.write(data)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.ts", "clip.mkv", "clip.avi"])
def test_a_video_is_read_from_a_pipe_and_from_a_redirected_file(
    name: str, make_video: MakeVideo
) -> None:
    """MP4 has its index at the end here, as phones write it."""
    path = make_video(name, TIMES_MS)
    with open_source(str(path)) as source:
        named = [[frame.t_s, list(frame.image.shape)] for frame in source]
    piped = read_piped(path.read_bytes())
    with path.open("rb") as file:
        redirected = read_from(file)
    assert piped == redirected == {"live": False, "frames": named}
    assert len(named) == len(TIMES_MS)
    assert named[0][0] == 0


def test_a_recording_without_a_duration_begins_at_0(make_pipe_file: MakeVideo) -> None:
    path = make_pipe_file("clip.mkv", [2000 + time for time in TIMES_MS])
    found = read_piped(path.read_bytes())
    assert [t_s for t_s, _ in found["frames"]] == pytest.approx([0.04 * n for n in range(20)])
    with av.open(str(path)) as container:
        assert container.duration is None
    with open_source(str(path)) as source:
        assert [frame.t_s for frame in source] == [t_s for t_s, _ in found["frames"]]
    with open_source(str(path), loop=True) as source:
        times = [next(source).t_s for _ in range(22)]
    assert times[20:] == pytest.approx([0.8, 0.84], abs=0.002)


@pytest.mark.parametrize("coding", [heif.AVIF, heif.HEIC], ids=["avif", "heic"])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 2)])
def test_a_heif_picture_is_read_from_a_pipe(
    coding: heif.Coding, rows: int, columns: int, tmp_path: Path
) -> None:
    path = tmp_path / "face.heif"
    heif.write(path, np.full((192, 256, 3), 99, np.uint8), coding, rows, columns)
    with open_source(str(path)) as source:
        shape = list(next(source).image.shape)
    assert read_piped(path.read_bytes()) == {"live": False, "frames": [[0, shape]]}


def test_a_picture_is_read_from_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    cv2.imwrite(str(path), np.full((50, 70, 3), 99, np.uint8))
    assert read_piped(path.read_bytes()) == {"live": False, "frames": [[0, [50, 70, 3]]]}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "standard input is empty"),
        (b"hello, world\n" * 100, "standard input is no video that FFmpeg can read"),
        (np.random.default_rng(0).bytes(200_000), "standard input is no video"),
    ],
    ids=["empty", "text", "noise"],
)
def test_what_is_no_video_gives_one_line(data: bytes, problem: str) -> None:
    error = read_piped(data)["error"]
    assert problem in error
    assert "\n" not in error


def test_a_closed_or_empty_standard_input_is_told() -> None:
    assert read_from(subprocess.DEVNULL) == {"error": "standard input is empty"}


@pytest.mark.parametrize("begun", [False, True], ids=["before it begins", "in the middle"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_wait_for_bytes(
    begun: bool, number: signal.Signals, make_video: MakeVideo
) -> None:
    """The writer holds the pipe open, and says nothing."""
    data = make_video("clip.ts", TIMES_MS).read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", WAITER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stderr is not None
        assert reader.stdout.readline() == b"waits\n"
        if begun:
            reader.stdin.write(data)
            reader.stdin.flush()
        with contextlib.suppress(subprocess.TimeoutExpired):
            reader.wait(1)  # time to read what there is, and to block
        reader.send_signal(number)
        assert reader.wait(60) != 0
        assert reader.stderr.read() == b""
        assert reader.stdout.read().splitlines()[-1:] == [b"ended by the signal"]


def test_a_terminal_is_no_video() -> None:
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb"), os.fdopen(theirs, "rb") as terminal:
        assert "is a terminal: pipe a video into it" in read_from(terminal)["error"]


def test_standard_input_cannot_be_replayed() -> None:
    with pytest.raises(SourceError, match="cannot be replayed: leave out --loop"):
        open_source("-", loop=True)

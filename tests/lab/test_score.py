"""`narrowcast score` of files that are good, bad and on standard input: the real command."""

import csv
import io
import subprocess
import sys
from collections import Counter
from pathlib import Path

import av
import click
import numpy as np
import pytest
from click.testing import CliRunner

from narrowcast_lab.commands.score import score

SCORE = [sys.executable, "-m", "narrowcast_shared", "score"]
FRAMES = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second without a face, in a container that can be read from a pipe."""
    path = tmp_path_factory.mktemp("clips") / "clip.mkv"
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for index in range(FRAMES):
            image = np.full((120, 160, 3), 10 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        container.mux(stream.encode())
    return path


def run(*files: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*SCORE, *files, "--csv"], input=stdin, capture_output=True, check=False, timeout=100
    )


def sessions(out: bytes) -> Counter[str]:
    return Counter(row["session"] for row in csv.DictReader(io.StringIO(out.decode())))


def test_a_bad_file_does_not_end_the_batch(clip: Path, tmp_path: Path) -> None:
    text, second = tmp_path / "text.mp4", tmp_path / "second.mkv"
    text.write_text("this is no video\n")
    second.write_bytes(clip.read_bytes())
    done = run(str(clip), str(text), str(tmp_path / "none.mp4"), str(second))
    assert done.returncode == 1
    assert sessions(done.stdout) == {"clip": FRAMES, "second": FRAMES}
    *told, last = done.stderr.decode().splitlines()
    assert any(line.startswith(f"narrowcast: {text}: {text} is") for line in told)
    assert f"narrowcast: {tmp_path}/none.mp4: there is no file {tmp_path}/none.mp4" in told
    assert last.startswith("narrowcast: error: 2 of 4 files could not be read")
    assert str(text) in last
    assert "none.mp4" in last


def test_the_only_file_fails_as_before(tmp_path: Path) -> None:
    done = run(str(tmp_path / "none.mp4"))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"narrowcast: error: there is no file")


def test_standard_input_is_read(clip: Path) -> None:
    done = run("-", stdin=clip.read_bytes())
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert [row["session"] for row in rows] == ["stdin"] * FRAMES
    assert [float(row["t"]) for row in rows] == pytest.approx(
        [index / 24 for index in range(FRAMES)], abs=0.002
    )


def test_standard_input_that_is_no_video_is_one_line() -> None:
    done = run("-", stdin=b"this is no video\n" * 100)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"narrowcast: error: ")
    assert b"Traceback" not in done.stderr


def test_standard_input_is_given_once() -> None:
    asked = CliRunner().invoke(score, ["-", "-"], standalone_mode=False)
    assert isinstance(asked.exception, click.UsageError)
    assert "give - once" in str(asked.exception)

"""A recording on a web server, without a duration, published and read back."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import pytest

from narrowcast_encoder.sources import open_source
from narrowcast_encoder.sources.sample import clip_path
from narrowcast_lab import processes

from .series import check, read

SECRET = "s3cr3t"
FRAMES = 60  # of 30 a second


class Handler(SimpleHTTPRequestHandler):
    """Files with their size."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


class Pipe:
    """What can only be written to: a browser's MediaRecorder cannot go back to write a duration."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self.write = self._file.write
        self.close = self._file.close


@pytest.fixture
def server(folder: Path) -> Iterator[str]:
    """A web server with two seconds of the sample clip as `clip.webm`. Gives host:port."""
    pipe = Pipe(folder / "clip.webm")
    with av.open(str(clip_path())) as clip, av.open(pipe, "w", "matroska") as container:
        video = clip.streams.video[0]
        copy = container.add_stream_from_template(video)
        for number, packet in enumerate(clip.demux(video)):
            if packet.dts is not None and number < FRAMES:
                packet.stream = copy
                container.mux(packet)
    pipe.close()
    handler = partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"127.0.0.1:{web.server_port}"
        web.shutdown()
        thread.join()


def encode(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "narrowcast_shared", "encode", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_it_plays_at_its_own_speed_and_its_password_stays_its_own(
    server: str, folder: Path
) -> None:
    url = f"http://me:{SECRET}@{server}/clip.webm?token={SECRET}"
    with processes.decoder(folder) as decoder:
        # 1. It is published with its own times, under the name that it was given.
        ended = encode(url, "--to", decoder, "--session", "cam", "-vv")
        assert ended.returncode == 0, ended.stderr
        assert f"publishing http://{server}/clip.webm?... as session cam" in ended.stdout
        state, samples = read(decoder, "cam")
        assert state == "ended"
        check(samples)
        with open_source(str(folder / "clip.webm")) as source:
            times = [frame.t_s for frame in source]
        assert [s.t - samples[0].t for s in samples] == pytest.approx(times, abs=0.001)

        # 2. A file that is not there is told of, without the password too.
        missing = encode(url.replace("clip", "none"), "--to", decoder, "-vv")
        assert missing.returncode != 0
        assert f"http://{server}/none.webm?... cannot be opened" in missing.stderr
    told = [ended.stdout, ended.stderr, missing.stdout, missing.stderr]
    kept = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert not any(SECRET in text for text in told)
    assert not any(SECRET.encode() in content for content in kept)

"""What is printed where the terminal, or the pipe, takes no Unicode."""

import asyncio
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl

import pytest

from narrowcast_shared.terminal import look_alike

from .scripted_decoder import Plan, ScriptedDecoder

PROGRAM = [sys.executable, "-m", "narrowcast_shared"]
LONG_S = 60.0
COLUMNS = 100
narrow = pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])

SHOW = """
import sys
from narrowcast_shared import terminal
terminal.use_any_text()
from narrowcast_lab import score_output
from narrowcast_shared.samples import Sample, Status
samples = [
    Sample(id=i + 1, session="a", seq=i, t=i / 10, status=Status.OK, valence=i / 100, sigma=0.1,
           px=48, qp=30, wire_bps=8000)
    for i in range(60)
]
class Scorer:
    def score(self, path, name):
        yield from samples
from narrowcast_client.baseline import BaselineChoice, ModelName
rest = BaselineChoice(5)
score_output.show(score_output.Scored(Scorer(), ["a.mp4"], rest, ModelName(name="oa")))
"""


def environment(encoding: str) -> dict[str, str]:
    return {**os.environ, "PYTHONIOENCODING": encoding, "TERM": "xterm-256color"}


def on_a_terminal(command: list[str], encoding: str) -> tuple[int, str]:
    """Exit status and all that it writes to a terminal of this encoding."""
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, COLUMNS, 0, 0))
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment(encoding)
    )
    os.close(slave)
    written = bytearray()
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # the other side is closed
            break
        if not chunk:
            break
        written += chunk
    os.close(master)
    screens = written.decode(encoding).replace("\x1b[H", "\n")
    return process.wait(LONG_S), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screens)


@narrow
def test_watch_draws(encoding: str) -> None:
    async def run() -> tuple[int, str]:
        async with ScriptedDecoder(Plan(30, 1000, pace_s=0.02)).listening() as decoder:
            command = [*PROGRAM, "watch", "cam-1", "--decoder", decoder.url]
            return await asyncio.to_thread(on_a_terminal, command, encoding)

    status, text = asyncio.run(run())
    assert status == 0, text
    assert "Error" not in text
    assert "mean valence" in text
    drawn = [line for line in text.splitlines() if line.startswith("+1.0")]
    assert drawn, text
    assert max(map(len, drawn)) <= COLUMNS


@narrow
def test_watch_writes_lines(encoding: str) -> None:
    async def run() -> tuple[int | None, bytes, bytes]:
        pipe = asyncio.subprocess.PIPE
        async with ScriptedDecoder(Plan(30, 1000)).listening() as decoder:
            command = [*PROGRAM, "watch", "cam-1", "--baseline", "5s", "--decoder", decoder.url]
            process = await asyncio.create_subprocess_exec(
                *command, stdout=pipe, stderr=pipe, env=environment(encoding)
            )
            out, err = await asyncio.wait_for(process.communicate(), LONG_S)
            return process.returncode, out, err

    status, out, err = asyncio.run(run())
    assert status in (0, 1), err  # the scripted decoder has no history to learn rest from
    assert b"UnicodeEncodeError" not in err
    (out + err).decode(encoding)


@narrow
def test_score_shows(encoding: str) -> None:
    status, text = on_a_terminal([sys.executable, "-c", SHOW], encoding)
    assert status == 0, text
    assert "valence, mean (range)" in text
    assert "rest" in text


@narrow
def test_a_name_that_cannot_be_shown_is_told(encoding: str) -> None:
    done = subprocess.run(
        [*PROGRAM, "report", "\u6f22\u5b57.csv"],
        env=environment(encoding), capture_output=True, check=False, timeout=LONG_S,
    )  # fmt: skip
    assert done.returncode == 2
    assert b"narrowcast: error: there is no file ??.csv" in done.stderr


@pytest.mark.parametrize(
    ("character", "told"),
    [("±", "~"), ("█", "#"), ("─", "-"), ("\u2800", " "), ("\u2801", "'"), ("\u28c0", "."),
     ("\u28ff", ":"), ("漢", "?"), ("é", "?")],
)  # fmt: skip
def test_what_stands_for_what(character: str, told: str) -> None:
    assert look_alike(character) == told

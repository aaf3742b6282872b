"""README and tutorial: their shell and Python blocks are run, in their order, as a reader would.

Each document has a folder and a decoder's port of its own. A comment above a block says what a
test needs to know, with semicolons between its marks:

    <!-- test: background -->      it goes on; it gets Ctrl-C at the document's end
    <!-- test: for 4 s -->         it is watched for so long, then gets Ctrl-C
    <!-- test: after Ctrl-C -->    the newest one in the background gets it first
    <!-- test: skip: reason -->    it cannot be run here

Without one a block has to end by itself, and well.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from narrowcast_lab.free_port import free_port

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "docs" / "tutorial.md"]

BLOCK_S = 60.0
"""No block takes longer: most of it is starting Python, on a busy machine."""

INTERRUPTED = 130
POLL_S = 0.1

SUBSTITUTES = {
    ".venv/bin/": "",
    "encode 0 ": "encode sample --loop ",
}
"""What a reader has and a test has not: a camera."""

_BLOCK = re.compile(
    r"^(?:<!-- test: (?P<marks>[^>]*) -->\n)?```(?P<language>sh|python)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(r"background|after Ctrl-C|for \d+ s|skip: .+")

# The command itself, but for the port that it asks at where it is told none.
_SHIM = """\
#!{python}
import sys
from narrowcast_shared import options
options.DECODER_URL = "http://127.0.0.1:{port}"
from narrowcast_shared.command_line import main
main(sys.argv[1:])
"""


class Block(NamedTuple):
    """A block of a document, and what stands above it."""

    language: str
    text: str
    marks: tuple[str, ...] = ()

    @property
    def seconds(self) -> float | None:
        """How long it is watched."""
        said = (re.fullmatch(r"for (\d+) s", mark) for mark in self.marks)
        return next((float(found[1]) for found in said if found), None)

    @property
    def skipped(self) -> bool:
        return any(mark.startswith("skip:") for mark in self.marks)


def blocks(text: str) -> Iterator[Block]:
    for found in _BLOCK.finditer(text):
        marks = tuple(filter(None, (found["marks"] or "").split("; ")))
        assert all(map(_MARK.fullmatch, marks)), f"nothing is meant by {marks}"
        yield Block(found["language"], found["text"], marks)


class Terminal(NamedTuple):
    """A block that runs, and where its output goes."""

    text: str
    process: subprocess.Popen[bytes]
    log: Path

    def told(self, what: str) -> str:
        return f"{what}: {self.text}{self.log.read_text()}"

    def interrupt(self) -> None:
        """As Ctrl-C does: to all that was started there."""
        assert self.process.poll() is None, self.told("it ended by itself")
        os.killpg(self.process.pid, signal.SIGINT)
        status = self.process.wait(BLOCK_S)
        assert status in {0, INTERRUPTED, -signal.SIGINT}, self.told(f"it ended with {status}")

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Reader:
    """Somebody who types a document's blocks, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._opened: list[Terminal] = []
        self._in_background: list[Terminal] = []
        shim = folder / "bin" / "narrowcast"
        shim.parent.mkdir()
        shim.write_text(_SHIM.format(python=sys.executable, port=self._port))
        shim.chmod(0o755)
        path = [str(shim.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
        self._environment = {
            **os.environ, "PATH": os.pathsep.join(path), "NARROWCAST_PORT": str(self._port)
        }  # fmt: skip

    def type(self, block: Block) -> None:
        if "after Ctrl-C" in block.marks:
            self._in_background.pop().interrupt()
        terminal = self._open(block)
        if "background" in block.marks:
            self._in_background.append(terminal)
            self._wait_until_it_works(terminal)
        elif block.seconds is not None:
            time.sleep(block.seconds)
            terminal.interrupt()
            assert terminal.log.read_text().strip(), terminal.told("nothing was shown")
        else:
            assert terminal.process.wait(BLOCK_S) == 0, terminal.told("it failed")

    def leave(self) -> None:
        """Ctrl-C in each terminal, the newest first; all of them have gone on until then."""
        while self._in_background:
            self._in_background.pop().interrupt()

    def kill(self) -> None:
        for terminal in self._opened:
            terminal.kill()

    def _open(self, block: Block) -> Terminal:
        text = block.text
        for found, put in (SUBSTITUTES | {":8000": f":{self._port}"}).items():
            text = text.replace(found, put)
        shell = [sys.executable] if block.language == "python" else ["bash", "-e"]
        path = self._folder / f"block-{len(self._opened)}.log"
        with path.open("wb") as log:
            process = subprocess.Popen(
                [*shell, "-c", text], cwd=self._folder, env=self._environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._opened.append(Terminal(text, process, path))
        return self._opened[-1]

    def _wait_until_it_works(self, terminal: Terminal) -> None:
        """As somebody would who looks at the page: the decoder is there, the session is live."""
        until = time.monotonic() + BLOCK_S
        while time.monotonic() < until:
            assert terminal.process.poll() is None, terminal.told("it ended by itself")
            with contextlib.suppress(URLError, ConnectionError):
                listed = self._sessions()
                if "encode" not in terminal.text or any(s["state"] == "live" for s in listed):
                    return
            time.sleep(POLL_S)
        pytest.fail(terminal.told("it does not begin to work"))

    def _sessions(self) -> list[dict[str, object]]:
        with urlopen(f"http://127.0.0.1:{self._port}/v1/sessions") as answer:
            listed: list[dict[str, object]] = json.load(answer)["sessions"]
        return listed


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    found = Reader(tmp_path)
    yield found
    found.kill()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_does_what_a_reader_is_told_it_does(document: Path, reader: Reader) -> None:
    for block in blocks(document.read_text()):
        if not block.skipped:
            reader.type(block)
    reader.leave()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_is_skipped_is_the_smaller_part(document: Path) -> None:
    found = list(blocks(document.read_text()))
    assert len(found) >= 4
    assert sum(block.skipped for block in found) * 2 < len(found)


def test_a_block_that_fails_is_told(reader: Reader) -> None:
    with pytest.raises(AssertionError, match="no such thing"):
        reader.type(Block("sh", "echo no such thing\nfalse\ntrue\n"))
    with pytest.raises(AssertionError, match="ended by itself"):
        reader.type(Block("sh", "echo well\n", ("for 1 s",)))


def test_marks_are_known() -> None:
    text = (
        "<!-- test: after Ctrl-C; background -->\n```sh\na\nb\n```\n\n```python\nc\n```\n"
        "```json\n{}\n```\n<!-- test: skip: no engine -->\n```sh\nd\n```\n"
    )
    assert list(blocks(text)) == [
        Block("sh", "a\nb\n", ("after Ctrl-C", "background")),
        Block("python", "c\n"),
        Block("sh", "d\n", ("skip: no engine",)),
    ]
    with pytest.raises(AssertionError, match="nothing is meant"):
        list(blocks("<!-- test: later -->\n```sh\na\n```\n"))

"""Pictures of the live page's states, taken of a real decoder with real encoders."""

import hashlib
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from narrowcast_lab import browser, processes
from narrowcast_lab.browser import Size
from narrowcast_lab.free_port import free_port
from narrowcast_lab.line import Line, line
from narrowcast_models.commands import output
from narrowcast_shared.errors import NarrowcastError

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

Tell = Callable[[str], None]

PORT = 8000
"""Where commands on the page say that the decoder is; another one where this is taken."""

SESSION = "lobby"
CAP = "24k,14s:6k,28s:24k"
"""A line that gets thin for a while, so that one sees what the encoder does about it."""

MANY = {
    "clinic-1": "24k",
    "clinic-2": "8k",
    "clinic-3": "16k,8s:0,16s:16k",
    "clinic-4": "5k",
    "clinic-5": "40k",
}
"""More sessions and their caps; the line of one is cut on the way."""

TALL = Size(1280, 880)
SHORT = Size(1280, 480)
LONG_PHONE = Size(360, 1160)

CUT_S, MENDED_S, LATER_S = 30.0, 6.0, 20.0
MANY_S = 45.0
READY_S = 30.0


class Shots(NamedTuple):
    """Where the pictures go, and the browser that takes them."""

    driver: "Chrome"
    folder: Path
    tell: Tell

    def take(self, name: str, size: Size, *, dark: bool = False) -> None:
        """Write `page-NAME.png` of the page as it is now."""
        browser.resize(self.driver, size, dark=dark)
        time.sleep(1.0)  # it is laid out anew, and drawn
        path = self.folder / f"page-{name}.png"
        if not self.driver.save_screenshot(str(path)):
            raise NarrowcastError(f"{path} cannot be written", "check the folder")
        self.tell(f"{path}: {path.stat().st_size / 1000:.0f} kB")

    def open(self, url: str, session: str | None = None) -> None:
        """Load the page anew."""
        self.driver.get("about:blank")
        self.driver.get(f"{url}/#session={session}" if session else url)

    def wait(self, condition: str, what: str) -> None:
        """Until the script's expression is true. Raises NarrowcastError."""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if self.driver.execute_script(f"return Boolean({condition})"):
                return
            time.sleep(0.2)
        raise NarrowcastError(f"the page never showed {what}")


def take_all(folder: Path, tell: Tell) -> None:
    """Write pictures of all states into `folder`. Raises NarrowcastError."""
    browser.require()  # before a folder is made
    output.make_folder(folder)
    with browser.browser(TALL) as driver, tempfile.TemporaryDirectory() as name:
        shots = Shots(driver, folder, tell)
        port = _port()
        _take_token(shots, Path(name), port)
        with processes.decoder(Path(name), port=port) as url:
            _take_empty(shots, url)
            _take_one(shots, Path(name), port)
            _take_many(shots, url, Path(name), processes.children()[0])


def _take_empty(shots: Shots, url: str) -> None:
    shots.open(url)
    shots.wait("!document.getElementById('empty').hidden", "the state without sessions")
    shots.take("empty", SHORT)


def _take_token(shots: Shots, folder: Path, port: int) -> None:
    tokens = folder / "tokens.toml"
    digest = hashlib.sha256(secrets.token_bytes()).hexdigest()
    tokens.write_text(f'[[token]]\nname = "nobody"\nsha256 = "{digest}"\nscopes = ["subscribe"]\n')
    with processes.decoder(folder, "--tokens", str(tokens), port=port) as url:
        shots.open(url)
        shots.wait("!document.getElementById('token').hidden", "the wish for a token")
        shots.take("token", SHORT)


def _take_one(shots: Shots, folder: Path, port: int) -> None:
    """A session whose line gets thin, is cut, and comes back."""
    with line(port) as cuttable, _stream(cuttable.url, SESSION, CAP, folder):
        shots.wait("window.narrowcast.drawn()?.curve.length > 20", "the stream")
        _mark(shots, 6, "interview begins")
        time.sleep(CUT_S)
        _cut(shots, cuttable)
        time.sleep(LATER_S)
        shots.take("session", TALL)
        shots.take("session-dark", TALL, dark=True)
        shots.take("phone", LONG_PHONE)


def _cut(shots: Shots, cuttable: Line) -> None:
    _mark(shots, 0, "question 2")
    cuttable.cut()
    time.sleep(MENDED_S)
    shots.take("interrupted", TALL)
    cuttable.mend()


def _mark(shots: Shots, after_s: float, text: str) -> None:
    time.sleep(after_s)
    body = f'{{"text": "{text}"}}'
    script = "fetch(arguments[0], {method: 'POST', body: arguments[1], headers: arguments[2]})"
    path, headers = f"v1/sessions/{SESSION}/marks", {"Content-Type": "application/json"}
    shots.driver.execute_script(script, path, body, headers)


def _take_many(shots: Shots, url: str, folder: Path, service: "subprocess.Popen[bytes]") -> None:
    """Several sessions, and what becomes of them when the decoder is gone."""
    with ExitStack() as streams:
        for session, cap in MANY.items():
            streams.enter_context(_stream(url, session, cap, folder))
        shots.open(url)
        time.sleep(MANY_S)
        shots.take("sessions", SHORT)
        processes.stop(service)
        shots.wait("!document.getElementById('notice').hidden", "the lost connection")
        shots.take("lost", SHORT)


@contextmanager
def _stream(url: str, session: str, cap: str, folder: Path) -> Iterator[None]:
    # Without --preview: no picture of the docs shows anybody's face.
    command = ["encode", "sample", "--loop", "--to", url, "--session", session, "--cap", cap]
    with processes.narrowcast(command, folder / f"{session}.log"):
        yield


def _port() -> int:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            return free_port()
    return PORT

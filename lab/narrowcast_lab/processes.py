"""Child processes of the demo and the benchmarks: started, awaited, and always ended."""

import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

from narrowcast_lab import termination
from narrowcast_lab.free_port import free_port
from narrowcast_shared.errors import LinkError

READY_TIMEOUT_S = 120.0  # a cold disk and a busy machine may take their time
STOP_TIMEOUT_S = 20.0
POLL_S = 0.1

NARROWCAST = ("-m", "narrowcast_shared")
"""What Python runs for `narrowcast`."""

_children: "list[subprocess.Popen[bytes]]" = []


@contextmanager
def narrowcast(
    arguments: Sequence[str], log: Path, program: Sequence[str] = NARROWCAST
) -> Iterator["subprocess.Popen[bytes]"]:
    """`narrowcast ARGUMENTS` as a child that writes to `log`; ended on the way out.

    program: what Python runs instead, a test's variation of it.
    """
    with child_process([sys.executable, *program, *arguments], log) as child:
        yield child


@contextmanager
def child_process(command: Sequence[str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Any command as a child that writes to `log`; it gets SIGTERM with this process, and is ended
    on the way out.
    """
    termination.pass_on(_children)
    with log.open("ab") as output, termination.held():
        child = subprocess.Popen(  # noqa: S603 - our own commands, and servers by their path
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,  # Ctrl-C is for the parent, which then ends its children in order
        )
        _children.append(child)
    try:
        yield child
    finally:
        try:
            stop(child)
        finally:
            _children.remove(child)


def children() -> "list[subprocess.Popen[bytes]]":
    """The children that are running now, for tests that end one of them the hard way."""
    return list(_children)


def stop(child: "subprocess.Popen[bytes]") -> None:
    """SIGTERM, and SIGKILL where that is not enough, or nobody has the patience to wait for it."""
    if child.poll() is not None:
        return
    try:
        child.send_signal(signal.SIGTERM)
        child.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    except BaseException:  # a second Ctrl-C
        child.kill()
        raise


@contextmanager
def decoder(
    folder: Path, *arguments: str, port: int | None = None, program: Sequence[str] = NARROWCAST
) -> Iterator[str]:
    """A decoder service on a free loopback port, its store and log in `folder`. Yields its URL."""
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    store = str(folder / "series.sqlite")
    log = folder / "decoder.log"
    command = ["serve", "--port", str(port), "--store", store, *arguments]
    with narrowcast(command, log, program) as child:
        wait_ready(url, child, log)
        yield url


def wait_ready(url: str, child: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the decoder answers. Raises LinkError where it ends or stays silent."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline:
        if child.poll() is not None:
            break
        with contextlib.suppress(OSError), _open(f"{url}/healthz") as answer:
            if answer.status == HTTPStatus.OK:
                return
        time.sleep(POLL_S)
    raise LinkError("the decoder did not start", last_line(log) or f"see {log}")


def last_line(log: Path) -> str:
    """What a child said last, without the command's name before it, and the page that helps."""
    lines = log.read_text(errors="replace").strip().splitlines()
    said = [line for line in lines if not line.startswith("see: ")]
    return said[-1].removeprefix("narrowcast: error: ") if said else ""


def get_json(url: str) -> dict[str, object]:
    """A JSON document of the decoder."""
    with _open(url) as answer:
        document: dict[str, object] = json.load(answer)
    return document


def get_text(url: str) -> str:
    """A page of the decoder."""
    with _open(url) as answer:
        text: str = answer.read().decode()
    return text


def wait_for_session(url: str, encoder: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the decoder knows the session at `url`. Raises LinkError where it never does."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while encoder.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), _open(url):
            return
        time.sleep(POLL_S)
    raise LinkError("the encoder did not start", last_line(log) or f"see {log}")


def _open(url: str) -> "urllib.request._UrlopenRet":
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(url, timeout=2)

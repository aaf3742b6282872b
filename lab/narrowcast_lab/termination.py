"""SIGTERM for a process that has children: they are told at once, and it ends as it would have.

Otherwise they would hear of it one after the other, as the stack unwinds, while a thread may still
wait for one of them; and whoever ends a process may not wait that long before it is killed.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType


class PassOn:
    """A handler of SIGTERM. Once it has acted as the handler before it, it only tells children:
    a second signal, as `timeout` sends one to the whole group, would interrupt their ending.
    """

    def __init__(self, children: "Sequence[subprocess.Popen[bytes]]") -> None:
        """children: those that are running, whenever it is looked at."""
        self._children = children
        self._before = signal.getsignal(signal.SIGTERM)
        self._is_ending = False
        self._is_held = False
        self._came: int | None = None  # a signal, while it was held

    @contextmanager
    def held(self) -> Iterator[None]:
        """A signal that comes meanwhile acts at the end."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            number, self._came = self._came, None
            if number is not None:
                self(number, None)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self._is_held:
            self._came = number
            return
        for child in self._children:
            child.send_signal(signal.SIGTERM)
        if self._is_ending or self._before is signal.SIG_IGN:
            return
        self._is_ending = True
        if callable(self._before):
            self._before(number, frame)
        else:  # nobody catches it
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)


def pass_on(children: "Sequence[subprocess.Popen[bytes]]") -> None:
    """Pass SIGTERM on from now on. Other threads than the main one cannot, and change nothing."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and not isinstance(signal.getsignal(signal.SIGTERM), PassOn):
        signal.signal(signal.SIGTERM, PassOn(children))


@contextmanager
def held() -> Iterator[None]:
    """Delay SIGTERM until a child that is being started is in the list of children.

    Without it, SIGTERM in that moment would leave the child running.
    """
    handler = signal.getsignal(signal.SIGTERM)
    if isinstance(handler, PassOn) and threading.current_thread() is threading.main_thread():
        with handler.held():
            yield
    else:
        yield

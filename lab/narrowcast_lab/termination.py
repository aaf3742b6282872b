"""SIGTERM for a process that has children: they are told at once, and it ends as it would have.

Otherwise they would hear of it one after the other, as the stack unwinds, while a thread may still
wait for one of them; and whoever ends a process may not wait that long before it is killed.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
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

    def __call__(self, number: int, frame: FrameType | None) -> None:
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

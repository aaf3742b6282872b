"""Where the service's CPU time goes: one timer a stage, handed down to whoever does the work.

    receive   bytes off a WebSocket to messages, and frames to the backlog
    parse     messages to frames, within `receive`
    decode    access units to chips
    model     chips to readings, resampling to the canvas included
    publish   samples made, and written to the WebSockets that follow them
    report    acknowledgements to publishers
    store     all that the store's threads do

What is left of the process's time is the event loop's: selecting, waking tasks, handing work
to threads and back, reading sockets, HTTP. Reading a thread's CPU clock is a system call, on
some virtual machines one of 10 us. So what happens once a message is timed one time in `STRIDE` and
counted so many times, and what the reading itself takes is not counted.
"""

import sys
import threading
import time
from dataclasses import dataclass, field, fields
from functools import cache
from itertools import pairwise
from types import TracebackType

STRIDE = 97
"""A prime: sampling does not fall into step with a round number of streams."""

REPORT_STRIDE = 17
"""Reports are fewer: up to five a second and stream."""

STORE_THREADS = "narrowcast-store"
"""How the names of the store's threads begin; the store knows nothing of stages."""

NS_PER_S = 1e9


@cache
def _reading_ns() -> int:
    """What one reading of the clock takes, measured when it is first asked for."""
    readings = [time.thread_time_ns() for _ in range(100)]
    return min(after - before for before, after in pairwise(readings))


class StageTimer:
    """CPU time of the thread inside `with`. One thread at a time, no waiting, never nested."""

    def __init__(self, stride: int = 1) -> None:
        self._stride = stride
        self._passages = 0
        self._cpu_ns = 0
        self._since_ns: int | None = None
        _reading_ns()

    @property
    def cpu_s(self) -> float:
        """So far, in s."""
        return self._cpu_ns / NS_PER_S

    def __enter__(self) -> None:
        self._passages += 1
        if self._passages % self._stride == 0:
            self._since_ns = time.thread_time_ns()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._since_ns is not None:
            spent_ns = time.thread_time_ns() - self._since_ns - _reading_ns()
            self._cpu_ns += self._stride * max(0, spent_ns)
            self._since_ns = None


def _each_message() -> StageTimer:
    return StageTimer(STRIDE)


@dataclass
class Stages:
    """The timers, and what they are shared out over. Only `decode` and `model` leave the loop."""

    receive: StageTimer = field(default_factory=_each_message)
    parse: StageTimer = field(default_factory=_each_message)
    decode: StageTimer = field(default_factory=StageTimer)
    model: StageTimer = field(default_factory=StageTimer)
    sample: StageTimer = field(default_factory=StageTimer)
    send: StageTimer = field(default_factory=_each_message)
    report: StageTimer = field(default_factory=lambda: StageTimer(REPORT_STRIDE))
    batches: int = 0
    """Rounds of the worker thread so far."""
    frames: int = 0
    """Frames with a stored sample so far."""

    def cpu_s(self) -> dict[str, float]:
        """CPU time of every stage so far, in s."""
        timed = {
            entry.name: getattr(self, entry.name).cpu_s
            for entry in fields(self)
            if entry.type is StageTimer
        }
        publish = timed.pop("sample") + timed.pop("send")
        receive = max(0.0, timed["receive"] - timed["parse"])  # messages are parsed as they come
        return timed | {
            "receive": receive,
            "publish": publish,
            "store": _store_threads_cpu_s(),
        }


def _store_threads_cpu_s() -> float:
    """CPU time of the store's threads, in s; 0 where a system does not tell that of others."""
    if sys.platform == "win32" or not hasattr(time, "pthread_getcpuclockid"):
        return 0.0
    return sum(
        time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        for thread in threading.enumerate()
        if thread.name.startswith(STORE_THREADS) and thread.ident is not None
    )

"""Where frames are read: on one thread of the service, or in processes beside it (`--workers N`).

FFmpeg and the network leave the interpreter to the event loop while they work, so one thread reads
beside it, and is enough for `oa`. A network that takes longer than all else that is done for a
frame fills that thread first; then N processes read N times as much. Sockets, store, fan-out and
metrics stay in the one process that everybody talks to, so nothing depends on who answers.

The H.264 contexts of a connection cannot move: its frames always go to the process that has them.
So each process is a `ProcessPoolExecutor` of its own. Where one dies, the frames that it had are
lost, another takes its place, and its streams go on from a keyframe, which they are asked for. One
that dies again and again ends the service. A process ends with the service, however that ends.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from itertools import count
from typing import NamedTuple, Protocol, TypeVar
from weakref import WeakKeyDictionary, finalize

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.inference.reader import FrameReader, Outcome, outcome_of
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.metrics import Metrics
from narrowcast_decoder.preview.contexts import PreviewedContexts, ReceivedFace
from narrowcast_models.recogniser import Precision, Reading, Recogniser
from narrowcast_shared import logs
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.logs import LogFormat
from narrowcast_shared.wire.messages import KeyframeRequest

logger = logging.getLogger(__name__)

T = TypeVar("T")

MAX_DEATHS = 3
"""Of one process, one after another, none of which has read anything in between."""

Work = Sequence[tuple[RungContexts, TakenFrame]]


class Workers(Protocol):
    """Reads batches, one at a time. Belongs to the event loop."""

    @property
    def is_failing(self) -> bool:
        """Whether the network reads nothing any more."""
        ...

    async def start(self) -> None:
        """Return once frames can be read. Raises NarrowcastError where they never will be."""
        ...

    async def read(self, work: Work) -> list[Outcome]:
        """One outcome a frame, in order. Frames of one session must come in their order."""
        ...

    def close(self) -> None:
        """Read no more, and wait for what is being read."""
        ...


class WorkerThread:
    """`Workers` that are one thread of this process."""

    def __init__(self, reader: FrameReader) -> None:
        self._reader = reader
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inference")

    @property
    def is_failing(self) -> bool:
        return self._reader.is_failing

    async def start(self) -> None:
        return

    async def read(self, work: Work) -> list[Outcome]:
        if len(work) == 1:  # handing over a lone stream's frame takes 7 % of all that it costs
            return self._reader.read(work)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._reader.read, work)

    def close(self) -> None:
        self._thread.shutdown()


class ModelChoice(NamedTuple):
    """What each process loads, as for `Recogniser.load`; log_format: how it writes its records."""

    model: str
    precision: Precision
    device: str
    threads: int
    log_format: LogFormat


class _Answer(NamedTuple):
    """What a process says of a batch. readings: one a frame, None where there is none."""

    readings: list[tuple[Reading | None, bool]]
    """Of each frame, and whether it is that of the picture before."""
    wanted: dict[int, KeyframeRequest | None]
    """The keyframes that contexts miss, by key, of those that are in the batch."""
    faces: dict[int, ReceivedFace | None]
    """The last face of those of them that keep it."""
    is_failing: bool
    cpu_s: float
    """CPU time of the process since its start."""


class WorkerProcesses:
    """`Workers` that are processes. Each connection's contexts go to the one that has fewest."""

    def __init__(self, number: int, choice: ModelChoice, metrics: Metrics) -> None:
        self._processes = [_Process(choice, metrics) for _ in range(number)]
        self._process_of: WeakKeyDictionary[RungContexts, _Process] = WeakKeyDictionary()

    @property
    def is_failing(self) -> bool:
        return any(process.is_failing for process in self._processes)

    async def start(self) -> None:
        await asyncio.gather(*(process.start() for process in self._processes))

    async def read(self, work: Work) -> list[Outcome]:
        outcomes = [outcome_of(frame, None) for _, frame in work]
        parts: dict[_Process, list[int]] = defaultdict(list)
        for index, (contexts, frame) in enumerate(work):
            if frame.fate in (Fate.CODED, Fate.SHED):
                parts[self._process(contexts)].append(index)
        read = await asyncio.gather(
            *(process.read([work[index] for index in part]) for process, part in parts.items())
        )
        for part, of_part in zip(parts.values(), read, strict=True):
            for index, outcome in zip(part, of_part, strict=True):
                outcomes[index] = outcome
        return outcomes

    def close(self) -> None:
        for process in self._processes:
            process.close()

    def _process(self, contexts: RungContexts) -> "_Process":
        process = self._process_of.get(contexts)
        if process is None:
            process = min(self._processes, key=lambda each: each.contexts)
            process.adopt(contexts)
            self._process_of[contexts] = process
        return process


class _Process:
    """One process, as the service knows it."""

    def __init__(self, choice: ModelChoice, metrics: Metrics) -> None:
        self.is_failing = False
        self._choice = choice
        self._metrics = metrics
        self._executor: ProcessPoolExecutor | None = None
        self._pid: int | None = None
        self._cpu_s = 0.0  # of the process, not of those before it
        self._deaths = 0  # since it last read something
        self._next_key = count()
        self._keys: WeakKeyDictionary[RungContexts, int] = WeakKeyDictionary()
        self._opened: set[int] = set()
        self._dropped: list[int] = []  # to be told

    @property
    def contexts(self) -> int:
        """How many live here."""
        return len(self._keys)

    async def start(self) -> None:
        """Start it, and have it load the model. Raises SettingsError where it keeps dying."""
        while True:
            self._executor = ProcessPoolExecutor(
                1, multiprocessing.get_context("spawn"), _begin, (self._choice.log_format,)
            )
            self._opened, self._dropped, self._cpu_s = set(), [], 0.0
            try:
                self._pid = await self._run(partial(_load, self._choice))
            except BrokenProcessPool:
                self._count_death()
            else:
                return

    def adopt(self, contexts: RungContexts) -> None:
        """Their frames are read here from now on, until the connection is over."""
        key = self._keys[contexts] = next(self._next_key)
        finalize(contexts, self._drop, key).atexit = False

    async def read(self, work: Work) -> list[Outcome]:
        """As `Workers.read`, of coded frames. All of them are lost where the process dies."""
        keys = [self._keys[contexts] for contexts, _ in work]
        new = {key: contexts for key, (contexts, _) in zip(keys, work, strict=True)}
        opened = {key: each for key, each in new.items() if key not in self._opened}
        frames = [frame for _, frame in work]
        self._opened.update(new)
        dropped, self._dropped = self._dropped, []
        try:
            answer = await self._run(
                partial(_read, opened, dropped, list(zip(keys, frames, strict=True)))
            )
        except BrokenProcessPool:
            self._count_death()
            await self.start()
            return [outcome_of(frame, None) for frame in frames]
        self._deaths = 0
        self.is_failing = answer.is_failing
        self._metrics.reading_cpu_s += answer.cpu_s - self._cpu_s
        self._cpu_s = answer.cpu_s
        for key, wanted in answer.wanted.items():
            new[key].keyframe_wanted = wanted
        for key, face in answer.faces.items():
            contexts = new[key]
            assert isinstance(contexts, PreviewedContexts)
            contexts.last = face
        return [
            outcome_of(frame, reading, reused=reused)
            for frame, (reading, reused) in zip(frames, answer.readings, strict=True)
        ]

    def close(self) -> None:
        """Kill it: what is worth keeping is not in there, and a stuck one would wait for ever."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
        if self._pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    async def _run(self, task: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, task)

    def _count_death(self) -> None:
        self._deaths += 1
        self._pid = None
        self._metrics.reading_restarts += 1
        logger.error("a reading process has died; another takes its place, from keyframes on")
        if self._deaths >= MAX_DEATHS:
            raise SettingsError(
                f"a reading process has died {self._deaths} times without reading anything",
                "give fewer --workers if memory is short: the system's log says who ended it",
            )

    def _drop(self, key: int) -> None:
        """The connection is over."""
        self._opened.discard(key)
        self._dropped.append(key)


# What follows runs in a reading process, which does one thing at a time.

_state: "_State | None" = None


class _State:
    """What a reading process has."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.reader = FrameReader(recogniser)
        self.contexts: dict[int, RungContexts] = {}


def _begin(log_format: LogFormat) -> None:
    # Both are for the service, which lets its processes finish and then ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logs.at_least(1)
    logs.use(log_format)


def _end_with_parent() -> None:
    """A service that was killed cannot end its processes."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _load(choice: ModelChoice) -> int:
    global _state  # noqa: PLW0603 - of the process, which is told what to read with once
    recogniser = Recogniser.load(choice.model, choice.precision, choice.device, choice.threads)
    _state = _State(recogniser)
    return os.getpid()


def _read(
    opened: dict[int, RungContexts], dropped: list[int], frames: list[tuple[int, TakenFrame]]
) -> _Answer:
    """Contexts come as they are in the service, where they never decode anything."""
    assert _state is not None
    for key in dropped:
        _state.contexts.pop(key, None)
    _state.contexts.update(opened)
    work = [(_state.contexts[key], frame) for key, frame in frames]
    outcomes = _state.reader.read(work)
    met = {key: _state.contexts[key] for key, _ in frames}
    return _Answer(
        [(outcome.reading, outcome.reused) for outcome in outcomes],
        {key: contexts.keyframe_wanted for key, contexts in met.items()},
        {key: each.last for key, each in met.items() if isinstance(each, PreviewedContexts)},
        _state.reader.is_failing,
        time.process_time(),
    )

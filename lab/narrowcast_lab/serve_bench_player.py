"""The process that plays a load, and what it says to the one that started it."""

import asyncio
import multiprocessing
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import NamedTuple

from narrowcast_lab.serve_bench_load import Plan, play
from narrowcast_shared.errors import LinkError, NarrowcastError

WARM = "warm"
CONNECTED = "connected"

Play = Callable[[Callable[[], None]], Awaitable[object]]
"""Plays a load, says by a call that all of it is connected, and returns what it saw. Picklable."""


class Failed(NamedTuple):
    """The load could not be played."""

    why: str


@contextmanager
def player(warm_up: Plan, load: Play) -> Iterator[Connection]:
    """A warm-up and a load, in a process of their own that leaves Ctrl-C to this one.

    It says WARM after the first and waits to be answered, CONNECTED once all of the load is,
    and what the load saw at its end, or `Failed`.
    """
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_play_both, args=(warm_up, load, theirs), daemon=True)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a child inherits what is ignored
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        yield ours
    finally:
        process.kill()
        process.join()


def expect(player: Connection, word: str, timeout_s: float) -> None:
    """Wait for a word. Raises LinkError where another one comes, or none."""
    said = receive(player, timeout_s)
    if said != word:
        raise LinkError(f"the load said {said!r} instead of {word!r}")


def receive(player: Connection, timeout_s: float) -> object:
    """What the load says next. Raises LinkError where it stays silent, or failed."""
    try:
        if not player.poll(timeout_s):
            raise LinkError(f"the load has been silent for {timeout_s:g} s")
        said: object = player.recv()
    except (EOFError, OSError):
        raise LinkError("the load has ended early") from None
    if isinstance(said, Failed):
        raise LinkError(said.why)
    return said


def _play_both(warm_up: Plan, load: Play, parent: Connection) -> None:
    try:
        asyncio.run(play(warm_up, lambda: None))
        parent.send(WARM)
        parent.recv()
        parent.send(asyncio.run(_played(load, parent)))
    except NarrowcastError as error:
        parent.send(Failed(str(error)))


async def _played(load: Play, parent: Connection) -> object:
    return await load(lambda: parent.send(CONNECTED))

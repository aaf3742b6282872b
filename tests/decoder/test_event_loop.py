"""The moderated loop: few looks where events are many, no pauses where they are few."""

import asyncio
import select
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from narrowcast_decoder import event_loop
from narrowcast_decoder.event_loop import ModeratedSelector

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(select, "poll"), reason="this system has no poll()"
)


PAUSE_S = 0.08
"""Longer than the service's, so that a busy machine does not look like a pause."""


@pytest.fixture(autouse=True)
def _long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_loop, "PAUSE_S", PAUSE_S)
    monkeypatch.setattr(event_loop, "MANY_PER_S", 50)


class Pair:
    """Two ends of a connection, of which one is watched."""

    def __init__(self) -> None:
        self.watched, self.other = socket.socketpair()

    def close(self) -> None:
        self.watched.close()
        self.other.close()


CROWD = 16


@contextmanager
def watched() -> Iterator[tuple[ModeratedSelector, Pair, list[Pair]]]:
    """A selector with an urgent connection and a crowd of others."""
    urgent, crowd = Pair(), [Pair() for _ in range(CROWD)]
    with ModeratedSelector() as selector:
        for pair in (urgent, *crowd):
            selector.register(pair.watched, selectors.EVENT_READ)
        try:
            yield selector, urgent, crowd
        finally:
            for pair in (urgent, *crowd):
                pair.close()


def looks(selector: ModeratedSelector, seconds: float) -> int:
    """How often it looks while there is always something."""
    until_s, count = time.monotonic() + seconds, 0
    while time.monotonic() < until_s:
        count += bool(selector.select())
    return count


def make_busy(selector: ModeratedSelector, crowd: list[Pair]) -> None:
    """Have it count far more than a few events; in the end there are none."""
    for pair in crowd:
        pair.other.send(b"x")
    looks(selector, 0.25)
    for pair in crowd:
        pair.watched.recv(1)


def test_many_events_are_taken_at_intervals() -> None:
    with watched() as (selector, _, crowd):
        for pair in crowd:
            pair.other.send(b"x")
        assert looks(selector, 0.25) > 2 * 0.25 / PAUSE_S  # until it has counted them
        assert 0 < looks(selector, 0.3) <= 0.3 / PAUSE_S + 2


def test_few_events_are_taken_at_once() -> None:
    with watched() as (selector, _, (other, *_)):
        took_s = []
        for _ in range(20):
            time.sleep(0.03)  # not many a second
            other.other.send(b"x")
            began_s = time.monotonic()
            assert selector.select(1)
            took_s.append(time.monotonic() - began_s)
            other.watched.recv(1)
        assert sorted(took_s)[5] < PAUSE_S / 2, "and a busy machine may be late with most"


def test_the_urgent_one_ends_a_pause() -> None:
    with watched() as (selector, urgent, crowd):
        took_s = []
        for _ in range(5):
            make_busy(selector, crowd)
            urgent.other.send(b"!")
            began_s = time.monotonic()
            assert selector.select(1)
            took_s.append(time.monotonic() - began_s)
            urgent.watched.recv(1)
        assert min(took_s) < PAUSE_S / 2


def test_a_timeout_is_kept_in_a_pause() -> None:
    with watched() as (selector, _, crowd):
        took_s = []
        for _ in range(5):
            make_busy(selector, crowd)
            began_s = time.monotonic()
            assert selector.select(PAUSE_S / 4) == []
            took_s.append(time.monotonic() - began_s)
        assert min(took_s) < PAUSE_S
        assert selector.select(0) == []


def test_a_busy_loop_runs_timers_and_other_threads_results_in_time() -> None:
    async def scenario() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.send(b"x")
        loop.add_reader(reader, lambda: None)  # always ready: as busy as can be
        await asyncio.sleep(0.3)
        began_s = loop.time()
        for _ in range(10):
            await asyncio.to_thread(time.sleep, 0)
        threads_s = loop.time() - began_s
        began_s = loop.time()
        for _ in range(10):
            await asyncio.sleep(0.01)
        timers_s = loop.time() - began_s
        loop.remove_reader(reader)
        reader.close()
        writer.close()
        return threads_s, timers_s

    with asyncio.Runner(loop_factory=event_loop.make) as runner:
        threads_s, timers_s = runner.run(scenario())
    assert threads_s < 100 * PAUSE_S
    assert timers_s < 100 * (0.01 + 2 * PAUSE_S)

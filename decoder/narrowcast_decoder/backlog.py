"""Frames that wait for the worker, a line for each session, and what a round takes of them."""

from collections import deque
from collections.abc import Sequence
from itertools import chain, islice
from typing import NamedTuple
from weakref import WeakKeyDictionary

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.ingest.live import LiveSession
from narrowcast_decoder.shedding import Waiting, cut, parts

MAX_TAKEN = 1024
"""Frames taken in one round, coded or not: bounds the time until the store sees the first."""


class Work(NamedTuple):
    """A frame of a session; `received_us` is when its message came, by the monotonic clock."""

    session: LiveSession
    contexts: RungContexts
    frame: TakenFrame
    received_us: int


class Backlog:
    """Bounded by its callers, who wait while a session has too much in here."""

    def __init__(self) -> None:
        self._lines: dict[LiveSession, deque[Work]] = {}
        self._waiting = 0
        self._rounds = 0
        self._served: WeakKeyDictionary[LiveSession, int] = WeakKeyDictionary()
        """When a frame of a session was last read, in rounds that were too full."""

    def __len__(self) -> int:
        """Frames that wait."""
        return self._waiting

    def add(self, session: LiveSession, work: Sequence[Work]) -> None:
        """Frames of a session, behind all of its that wait."""
        self._lines.setdefault(session, deque()).extend(work)
        self._waiting += len(work)

    def take(self, room: int | None, now_us: int) -> list[Work]:
        """What the next round works on, sessions one after the other, each in its order.

        room: chips that it can read in time. Frames to be decoded only have the fate SHED. Those
        of sessions that have failed are dropped.
        """
        for session in [session for session in self._lines if session.failed]:
            self._waiting -= len(self._lines.pop(session))
        if self._waiting <= MAX_TAKEN and (room is None or self._chips(room) <= room):
            taken = [work for line in self._lines.values() for work in line]
            self._lines.clear()
            self._waiting = 0
            return taken
        return self._take_parts(MAX_TAKEN if room is None else room, now_us)

    def _chips(self, room: int) -> int:
        """Coded frames that wait; counted only where they may be more than there is room for."""
        if self._waiting <= room:
            return self._waiting
        return sum(map(_is_coded, chain.from_iterable(self._lines.values())))

    def _take_parts(self, room: int, now_us: int) -> list[Work]:
        self._rounds += 1
        order = sorted(self._lines, key=lambda session: self._served.get(session, 0))
        limits = parts([len(self._lines[session]) for session in order], MAX_TAKEN)
        heads = [
            list(islice(self._lines[session], limit))
            for session, limit in zip(order, limits, strict=True)
        ]
        coded = [sum(map(_is_coded, head)) for head in heads]
        taken: list[Work] = []
        for session, head, count, part in zip(order, heads, coded, parts(coded, room), strict=True):
            shed = cut(map(_waiting, head), part, count - part, now_us)
            if part:
                self._served[session] = self._rounds
            taken += self._pop(session, shed)
        return taken

    def _pop(self, session: LiveSession, shed: Sequence[bool]) -> list[Work]:
        line = self._lines[session]
        popped = [_shed(line.popleft()) if is_shed else line.popleft() for is_shed in shed]
        self._waiting -= len(popped)
        if not line:
            del self._lines[session]
        return popped


def _is_coded(work: Work) -> bool:
    return work.frame.fate is Fate.CODED


def _waiting(work: Work) -> Waiting:
    # What an encoder tells late, after an outage, has no haste.
    since_us = None if work.frame.late else work.received_us
    return Waiting(_is_coded(work), since_us)


def _shed(work: Work) -> Work:
    return work._replace(frame=work.frame._replace(fate=Fate.SHED))

"""Makes faces fit to be shown, one at a time, on a thread that nothing else runs on."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from weakref import WeakKeyDictionary

from narrowcast_decoder.ingest.live import US_PER_S
from narrowcast_decoder.preview.contexts import PreviewedContexts, ReceivedFace
from narrowcast_decoder.preview.png import encode_png
from narrowcast_decoder.preview.restorer import Restorer

MIN_AGE_S = 0.25
"""A session's face is made anew no sooner, however many ask: four times a second."""

SHARE = 0.1
"""Of one core, at most, goes into faces, however many are looked at: readings go first."""


class Face(NamedTuple):
    """What is shown of one frame. t: its capture time, Unix s. Pictures are PNG, gray.

    received: px x px. restored: the network's, 48 x 48; None where it makes none.
    """

    seq: int
    t: float
    px: int
    qp: int
    received: bytes
    restored: bytes | None


class _Made(NamedTuple):
    face: Face
    at_s: float


class FaceMaker:
    """Belongs to one event loop. A made face is kept for as long as its contexts are."""

    def __init__(self, restorer: Restorer, now_s: Callable[[], float] = time.monotonic) -> None:
        self._restorer = restorer
        self._now_s = now_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="preview")
        self._turn = asyncio.Lock()
        self._rested_s = 0.0
        self._made: WeakKeyDictionary[PreviewedContexts, _Made] = WeakKeyDictionary()

    async def face(self, contexts: PreviewedContexts) -> Face | None:
        """The last face received; None before the first.

        It is an older one of the session where that was made less than `MIN_AGE_S` ago, or where
        there is no time for another one now: who asks again gets it then.
        """
        made = self._made.get(contexts)
        is_busy = self._turn.locked() or self._now_s() < self._rested_s
        if made is not None and (is_busy or not self._is_old(made, contexts)):
            return made.face
        async with self._turn:
            made = self._made.get(contexts)  # somebody else may have asked for it meanwhile
            if made is None or self._is_old(made, contexts):
                await asyncio.sleep(self._rested_s - self._now_s())
                made = await self._make(contexts)
        return None if made is None else made.face

    def close(self) -> None:
        """End the thread. Whoever still waits for a face is cancelled."""
        self._thread.shutdown(cancel_futures=True)

    def _is_old(self, made: _Made, contexts: PreviewedContexts) -> bool:
        last = contexts.last
        is_of_last = last is not None and last[0].seq == made.face.seq
        return not is_of_last and self._now_s() - made.at_s >= MIN_AGE_S

    async def _make(self, contexts: PreviewedContexts) -> _Made | None:
        if contexts.last is None:
            return None
        loop = asyncio.get_running_loop()
        face, cpu_s = await loop.run_in_executor(self._thread, self._timed, contexts.last)
        now_s = self._now_s()
        self._rested_s = now_s + cpu_s * (1 / SHARE - 1)
        made = self._made[contexts] = _Made(face, now_s)
        return made

    def _timed(self, received: ReceivedFace) -> tuple[Face, float]:
        """The face, and the CPU time that it took."""
        began_s = time.thread_time()
        return self._shown(received), time.thread_time() - began_s

    def _shown(self, received: ReceivedFace) -> Face:
        frame, pixels = received
        assert frame.rung is not None
        restored = self._restorer.restore(received)
        return Face(
            frame.seq,
            frame.captured_us / US_PER_S,
            *frame.rung,
            encode_png(pixels),
            None if restored is None else encode_png(restored),
        )

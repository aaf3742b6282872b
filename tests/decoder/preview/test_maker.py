"""When faces are made: one at a time, seldom, and not twice."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Awaitable, Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from narrowcast_decoder.preview.contexts import PreviewedContexts, ReceivedFace
from narrowcast_decoder.preview.maker import MIN_AGE_S, SHARE, FaceMaker
from narrowcast_decoder.preview.restorer import Restorer

from .faces import frames, received


class FakeRestorer(Restorer):
    """Notes what it is asked, and by whom; takes as much CPU time as it is told."""

    def __init__(self, cpu_s: float = 0.0) -> None:
        self.asked: list[int] = []
        self.threads: set[str] = set()
        self.most_at_once = 0
        self._cpu_s = cpu_s
        self._now = 0

    def restore(self, face: ReceivedFace) -> NDArray[np.uint8] | None:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        self.asked.append(face[0].seq)
        self.threads.add(threading.current_thread().name)
        end_s = time.thread_time() + self._cpu_s
        while time.thread_time() < end_s:
            pass
        self._now -= 1
        return None


class Times:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def run(
    scenario: Callable[[FaceMaker, FakeRestorer, Times], Awaitable[None]], cpu_s: float = 0.0
) -> None:
    async def main() -> None:
        restorer, times = FakeRestorer(cpu_s), Times()
        maker = FaceMaker(restorer, times)
        try:
            async with asyncio.timeout(90):
                await scenario(maker, restorer, times)
        finally:
            maker.close()

    asyncio.run(main())


def pixels(png: bytes) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    return np.asarray(picture, dtype=np.uint8)


def test_a_face_is_the_last_one_received() -> None:
    async def scenario(maker: FaceMaker, restorer: FakeRestorer, _: Times) -> None:
        contexts = received(3)
        face = await maker.face(contexts)
        assert face is not None
        assert face[:4] == (2, 1.08, 16, 30)
        assert contexts.last is not None
        assert np.array_equal(pixels(face.received), contexts.last[1])
        assert face.restored is None
        assert {name.split("_")[0] for name in restorer.threads} == {"preview"}

    run(scenario)


def test_there_is_none_before_the_first() -> None:
    async def scenario(maker: FaceMaker, restorer: FakeRestorer, _: Times) -> None:
        assert await maker.face(PreviewedContexts()) is None
        assert restorer.asked == []

    run(scenario)


def test_the_same_face_is_made_once_and_a_new_one_four_times_a_second() -> None:
    async def scenario(maker: FaceMaker, restorer: FakeRestorer, times: Times) -> None:
        contexts, coded = PreviewedContexts(), frames(12)
        for frame in coded[:-1]:  # ten frames a second, asked for after each
            contexts.decode(frame)
            await maker.face(contexts)
            times.now_s += 0.1
        assert restorer.asked == [0, 3, 6, 9]
        contexts.decode(coded[-1])
        for _ in range(5):
            times.now_s += MIN_AGE_S
            face = await maker.face(contexts)
            assert face is not None
            assert face.seq == 11
        assert restorer.asked == [0, 3, 6, 9, 11]

    run(scenario)


def test_many_who_ask_at_once_share_one_face() -> None:
    async def scenario(maker: FaceMaker, restorer: FakeRestorer, _: Times) -> None:
        contexts = received(2)
        faces = await asyncio.gather(*(maker.face(contexts) for _ in range(50)))
        assert len(set(map(id, faces))) == 1
        assert restorer.asked == [1]

    run(scenario)


def test_sessions_come_one_after_the_other() -> None:
    async def scenario(maker: FaceMaker, restorer: FakeRestorer, times: Times) -> None:
        sessions = [received(1) for _ in range(5)]
        asked = asyncio.gather(*(maker.face(contexts) for contexts in sessions))
        while not asked.done():
            times.now_s += 1.0
            await asyncio.sleep(0.005)
        assert all(await asked)
        assert len(restorer.asked) == 5
        assert restorer.most_at_once == 1
        assert len(restorer.threads) == 1

    run(scenario, cpu_s=0.003)


def test_faces_take_a_tenth_of_a_core_and_older_ones_are_shown_meanwhile() -> None:
    async def scenario(maker: FaceMaker, restorer: FakeRestorer, times: Times) -> None:
        cpu_s = 0.05
        contexts, (first, second) = PreviewedContexts(), frames(2)
        contexts.decode(first)
        old = await maker.face(contexts)
        contexts.decode(second)
        times.now_s += 0.9 * cpu_s * (1 / SHARE - 1)
        assert times.now_s > 100 + MIN_AGE_S
        assert await maker.face(contexts) is old
        times.now_s += 1.0
        new = await maker.face(contexts)
        assert new is not None
        assert (new.seq, restorer.asked) == (1, [0, 1])

    run(scenario, cpu_s=0.05)


def test_nothing_of_a_publisher_that_has_gone_is_kept() -> None:
    async def scenario(maker: FaceMaker, _: FakeRestorer, __: Times) -> None:
        contexts = received(1)
        face = await maker.face(contexts)
        assert face is not None
        gone = weakref.ref(contexts)
        assert len(maker._made) == 1
        del contexts
        gc.collect()
        assert gone() is None
        assert len(maker._made) == 0

    run(scenario)

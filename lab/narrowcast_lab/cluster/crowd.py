"""Sessions that are published and followed while something goes wrong."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from narrowcast_client.archive import RemoteArchive
from narrowcast_lab.cluster.encoder import FPS, Encoder
from narrowcast_lab.cluster.follower import Follower
from narrowcast_lab.cluster.tally import Tally, recovery_s, tally
from narrowcast_shared.archive import TimeSpan
from narrowcast_shared.errors import LinkError
from narrowcast_shared.remote.address import as_address
from narrowcast_shared.samples import Sample

SETTLE_SAMPLES = FPS // 2
"""That each follower has before a fault, and after it."""

WAIT_S = 30.0
POLL_S = 0.02


class Outcome(NamedTuple):
    """Of one scenario. recovery_s: the longest that any session stood still after a fault, from the
    fault until the first sample of a frame captured after it came to its follower.
    """

    lost: int
    duplicated: int
    out_of_order: int
    recovery_s: float
    sessions: int
    samples: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, doubled or out of order."""
        return self.lost == self.duplicated == self.out_of_order == 0


class Crowd:
    """Encoders and followers of one scenario, and the times of its faults."""

    def __init__(self) -> None:
        self.encoders: list[Encoder] = []
        self.followers: dict[str, Follower] = {}
        self._faults: list[tuple[float, dict[str, Follower]]] = []
        self._running: list[asyncio.Task[None]] = []

    def publish(self, session: str, url: str) -> Encoder:
        """One more encoder."""
        encoder = Encoder(session, url)
        self.encoders.append(encoder)
        self._running.append(asyncio.create_task(encoder.run()))
        return encoder

    def follow(self, session: str, url: str) -> Follower:
        """The follower of a session, from its beginning."""
        follower = self.followers[session] = Follower(session, url)
        self._running.append(asyncio.create_task(follower.run()))
        return follower

    def fault(self, sessions: Sequence[str] | None = None) -> None:
        """Now. sessions: those that notice; all by default."""
        hit = {name: self.followers[name] for name in sessions or self.followers}
        self._faults.append((time.time(), hit))

    async def settled(self) -> None:
        """Wait until all have got some more samples."""
        due = {
            name: len(follower.arrivals) + SETTLE_SAMPLES
            for name, follower in self.followers.items()
        }
        await self.until(
            lambda: all(len(self.followers[name].arrivals) >= count for name, count in due.items()),
            "samples come",
        )

    async def recovered(self) -> None:
        """Wait until all that the last fault hit have a sample captured after it."""
        fault_s, hit = self._faults[-1]
        await self.until(
            lambda: all(recovery_s(each.arrivals, fault_s) is not None for each in hit.values()),
            "samples come again",
        )

    async def until(self, met: Callable[[], bool], what: str) -> None:
        """Wait until it is so. Raises LinkError where it never is, or somebody has failed."""
        deadline_s = time.monotonic() + WAIT_S
        while not met():
            self._look()
            if time.monotonic() > deadline_s:
                raise LinkError(f"{what}: not within {WAIT_S:g} s")
            await asyncio.sleep(POLL_S)

    async def finish(self, url: str) -> Outcome:
        """End all streams, read their series at `url`, and compare."""
        for encoder in self.encoders:
            encoder.stop()
        try:
            async with asyncio.timeout(WAIT_S):
                await asyncio.gather(*self._running)
        except TimeoutError:
            raise LinkError(f"the streams did not end within {WAIT_S:g} s") from None
        total, samples = Tally(), 0
        for session, follower in self.followers.items():
            stored = await series(url, session)
            total = total.plus(tally(stored, follower.samples, self._acknowledged(session, stored)))
            samples += len(stored)
        return Outcome(*total, round(self._recovery_s(), 3), len(self.followers), samples)

    async def leave(self) -> None:
        """End what is still running, however it is."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _acknowledged(self, session: str, stored: list[Sample]) -> int:
        """A session that another process publishes, and has ended, is acknowledged to its end."""
        ours = [encoder.acknowledged for encoder in self.encoders if encoder.session == session]
        return max(ours, default=1 + max(sample.seq for sample in stored))

    def _recovery_s(self) -> float:
        waited = (
            recovery_s(follower.arrivals, fault_s)
            for fault_s, hit in self._faults
            for follower in hit.values()
        )
        return max(each if each is not None else float("inf") for each in waited)

    def _look(self) -> None:
        """Raise what one of the encoders or followers has failed with."""
        for task in self._running:
            if task.done():
                task.result()


@asynccontextmanager
async def crowd(url: str, sessions: Sequence[str]) -> AsyncIterator[Crowd]:
    """Sessions that are published and followed at `url`, once all have begun."""
    made = Crowd()
    try:
        for session in sessions:
            encoder = made.publish(session, url)
            await made.until(encoder.welcomed.is_set, f"session {session} begins")
        for session in sessions:
            made.follow(session, url)
        await made.settled()
        yield made
    finally:
        await made.leave()


async def series(url: str, session: str) -> list[Sample]:
    """All that is stored of a session. Raises LinkError where it has not ended."""
    archive = RemoteArchive(as_address(url))
    about = await archive.session(session)
    if about.state != "ended":
        raise LinkError(f"session {session} is {about.state}, and should have ended")
    return [sample async for page in archive.pages(about, TimeSpan()) for sample in page]

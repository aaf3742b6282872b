"""The task that tells an encoder what is due while it publishes."""

import asyncio
from collections.abc import Awaitable, Callable

from narrowcast_decoder.ingest.live import US_PER_S
from narrowcast_decoder.ingest.reports import Reports
from narrowcast_decoder.metrics import Metrics
from narrowcast_shared.clock import Clock

Send = Callable[[bytes], Awaitable[None]]


class Reporting:
    """Sends what `Reports` has, when it is due. While the line takes nothing, nothing piles up."""

    def __init__(self, send: Send, reports: Reports, clock: Clock, metrics: Metrics) -> None:
        self._send = send
        self._reports = reports
        self._clock = clock
        self._metrics = metrics
        self._has_news = asyncio.Event()

    def news(self) -> None:
        """A message has come: report soon."""
        if self._reports.due_us is None:
            self._reports.news(self._clock.monotonic_us())
            self._has_news.set()

    def report(self) -> bytes:
        """All that has come by now, acknowledged."""
        return self._reports.report(self._clock.monotonic_us())

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            while (due_us := self._reports.due_us) is not None:
                await asyncio.sleep((due_us - self._clock.monotonic_us()) / US_PER_S)
                before = self._reports.keyframe_requests
                for message in self._reports.tell(self._clock.monotonic_us()):
                    await self._send(message)
                self._metrics.keyframe_requests += self._reports.keyframe_requests - before

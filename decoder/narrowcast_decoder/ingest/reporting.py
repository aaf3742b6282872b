"""The timer behind what an encoder is told while it publishes."""

import asyncio

from narrowcast_decoder.direct import DirectSocket
from narrowcast_decoder.ingest.live import US_PER_S
from narrowcast_decoder.ingest.reports import Reports
from narrowcast_decoder.metrics import Metrics
from narrowcast_shared.clock import Clock


class Reporting:
    """Tells what `Reports` has, when it is due, by a timer: a task would cost twice as much."""

    def __init__(
        self, line: DirectSocket, reports: Reports, clock: Clock, metrics: Metrics
    ) -> None:
        self._line = line
        self._reports = reports
        self._clock = clock
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def news(self) -> None:
        """A message has come: report soon."""
        if self._timer is None:
            self._reports.news(self._clock.monotonic_us())
            self._arm()

    def stop(self) -> None:
        """Report no more."""
        if self._timer is not None:
            self._timer.cancel()

    def report(self) -> bytes:
        """All that has come by now, acknowledged."""
        return self._reports.report(self._clock.monotonic_us())

    def _arm(self) -> None:
        due_us = self._reports.due_us
        if due_us is not None:
            delay_s = (due_us - self._clock.monotonic_us()) / US_PER_S
            self._timer = self._loop.call_later(max(0.0, delay_s), self._tick)

    def _tick(self) -> None:
        self._timer = None
        before = self._reports.keyframe_requests
        self._reports.tell(self._clock.monotonic_us(), self._line.write)
        self._metrics.keyframe_requests += self._reports.keyframe_requests - before
        self._arm()

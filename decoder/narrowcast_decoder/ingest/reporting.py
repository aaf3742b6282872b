"""What an encoder is told while it publishes: acknowledgements, and which keyframes are missing."""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

from narrowcast_decoder.direct import DirectSocket
from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.ingest.live import LiveSession
from narrowcast_decoder.ingest.receiver import Receiver
from narrowcast_decoder.metrics import Metrics
from narrowcast_shared.clock import Clock
from narrowcast_shared.wire import messages as wire

KEYFRAME_PATIENCE_US = 1_000_000


class _Requested(NamedTuple):
    request: wire.KeyframeRequest
    at_us: int


class Reporting:
    """Reports at an interval while there is news, by a timer: a task would cost twice as much.

    A report that the line does not take is left out: the next one says the same and more.
    """

    def __init__(
        self,
        line: DirectSocket,
        receiver: Receiver,
        session: LiveSession,
        contexts: Iterable[RungContexts],
        interval_s: float,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._line = line
        self._receiver = receiver
        self._session = session
        self._contexts = tuple(contexts)
        self._interval_s = interval_s
        self._clock = clock
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._reported_s = 0.0  # by the loop's clock
        self._told = (-1, -1)  # messages, and what is stored
        self._requested: dict[bool, _Requested] = {}  # by late

    def news(self) -> None:
        """A message has come: report soon. After a pause it is waited for what follows it."""
        if self._timer is None:
            self._arm(max(self._reported_s, self._loop.time() - self._interval_s / 2))

    def stop(self) -> None:
        """Report no more."""
        if self._timer is not None:
            self._timer.cancel()

    def report(self) -> bytes:
        """All that has come by now, acknowledged."""
        now_us = self._clock.monotonic_us()
        return self._receiver.report(self._session.stored_seq, self._session.pending, now_us)

    def _arm(self, after_s: float) -> None:
        """Report an interval after that time of the loop's clock."""
        self._timer = self._loop.call_at(after_s + self._interval_s, self._tick)

    def _tick(self) -> None:
        self._timer, self._reported_s = None, self._loop.time()
        # Messages, not frames: late ones, and those sent again, leave the end where it is.
        position = (self._receiver.messages, self._session.stored_seq)
        if position != self._told and self._line.write(self.report()):
            self._told = position
        wanted = [each.keyframe_wanted for each in self._contexts]
        for request in wanted:
            self._request(request)
        if self._session.pending or self._told != position or any(wanted):
            self._arm(self._reported_s)

    def _request(self, wanted: wire.KeyframeRequest | None) -> None:
        """Ask once an epoch, and again where no keyframe came within a second."""
        if wanted is None:
            return
        now_us, asked = self._clock.monotonic_us(), self._requested.get(wanted.late)
        again = asked is not None and asked.request == wanted
        if again and asked and now_us - asked.at_us < KEYFRAME_PATIENCE_US:
            return
        if self._line.write(self._receiver.request_keyframe(wanted)):
            self._requested[wanted.late] = _Requested(wanted, now_us)
            self._metrics.keyframe_requests += 1

"""Messages on their way: sent, not yet acknowledged. And the clocks' offset, out of the acks."""

from collections import deque
from typing import NamedTuple

from narrowcast_shared.wire.messages import Report

OFFSET_SAMPLES = 16


class _Sent(NamedTuple):
    mono_us: int
    unix_us: int


class Offset(NamedTuple):
    """The decoder's clock minus the encoder's, and the round trip it was read over (us)."""

    offset_us: int
    round_trip_us: int


class Flight:
    """What was sent on one connection, by message. Bounded by what is not acknowledged."""

    def __init__(self) -> None:
        self._sent: deque[_Sent] = deque()
        self._acked = 0
        self._offsets: deque[Offset] = deque(maxlen=OFFSET_SAMPLES)

    def sent(self, mono_us: int, unix_us: int) -> None:
        """One DATA message left."""
        self._sent.append(_Sent(mono_us, unix_us))

    @property
    def waits(self) -> bool:
        """Whether a message is on its way."""
        return bool(self._sent)

    def unacked_us(self, now_us: int) -> int:
        """Age of the oldest message that no report has covered yet."""
        return now_us - self._sent[0].mono_us if self._sent else 0

    def reported(self, report: Report, unix_us: int) -> int:
        """Take an acknowledgement that arrived at `unix_us`; a stale one changes nothing.

        Returns how many messages it covers that none before did.
        """
        acked = self._acked
        newest: _Sent | None = None
        while self._sent and self._acked < report.messages:
            newest = self._sent.popleft()
            self._acked += 1
        if newest is not None:
            self._offsets.append(_offset(newest.unix_us, report, unix_us))
        return self._acked - acked

    @property
    def offset(self) -> Offset | None:
        """The estimate of least round trip among the last sixteen (RFC 5905, section 10)."""
        return min(self._offsets, key=lambda offset: offset.round_trip_us, default=None)


def _offset(sent_us: int, report: Report, arrived_us: int) -> Offset:
    """RFC 5905, section 8: T1 sent, T2 received, T3 = T2 + held, T4 arrived."""
    left_us = report.received_us + report.held_us
    offset = ((report.received_us - sent_us) + (left_us - arrived_us)) // 2
    return Offset(offset, max(0, (arrived_us - sent_us) - report.held_us))

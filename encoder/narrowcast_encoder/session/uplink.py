"""The way to the decoder: messages in, and out when the line has let them go; what it tells.

Simulated or real, the line is judged by the acknowledgements alone, unless it is paced here by a
schedule: then the schedule is known.
"""

from narrowcast_encoder.rate.bandwidth import BandwidthEstimator, LineView
from narrowcast_encoder.session.flight import Flight, Offset
from narrowcast_shared.link import Link
from narrowcast_shared.wire.cost import IP_TCP_BYTES, OPENING_BYTES, wire_bytes
from narrowcast_shared.wire.messages import Report

OVERBOOKED_US = 500_000
"""A line that was told to carry less is freed of what would take it for longer than this."""

USUAL_PAYLOAD_BYTES = 60
"""Of the message whose place on a line that is paced here is asked for."""


class Uplink:
    """One stream's line over any number of connections, and what is on its way."""

    def __init__(self, link: Link, estimate: BandwidthEstimator, *, adapts: bool = False) -> None:
        """adapts: the stream keeps to what the line is found to carry, without a simulated one."""
        self.messages = 0
        """Given to the line on this connection."""
        self._link = link
        self._estimate = estimate
        self._flight = Flight()
        self._told_bps: float | None = None
        self._adapts = adapts

    def begin(self, now_us: int) -> None:
        """The simulated line's time begins at `now_us`, if not at 0."""
        self._link.begin(now_us)

    def opened(self) -> None:
        """A connection: it costs something, and nothing is on its way."""
        self.closed()
        self._link.owe(OPENING_BYTES)
        self.messages = 0

    def closed(self) -> None:
        """The connection is gone, and with it what was not yet delivered."""
        self._link.clear()
        self._estimate.clear()
        self._flight = Flight()

    def send(self, message: bytes, now_us: int) -> int:
        """Hand one message to the line; its bytes, all headers counted."""
        size_bytes = wire_bytes(len(message))
        self._settle(now_us)
        arrives_us = self._link.offer(message, now_us)
        told = self._link.told_bps(now_us) is not None
        self._estimate.offered(size_bytes, now_us, arrives_us if told else 0)
        self.messages += 1
        return size_bytes

    def owe(self, message: bytes) -> None:
        """Bill a message that went past the line, to the next one."""
        self._link.owe(wire_bytes(len(message)))

    def is_overbooked(self, now_us: int) -> bool:
        """Whether the line was told to carry less since this was asked last, and what waits is far
        too much for that. In an outage what waits has nowhere else to go.
        """
        before_bps, self._told_bps = self._told_bps, self._link.told_bps(now_us)
        fell = bool(self._told_bps and before_bps and self._told_bps < before_bps)
        return fell and self._link.backlog_us(now_us) > OVERBOOKED_US

    def withdraw(self, now_us: int) -> list[bytes]:
        """Take back what has not left by `now_us`, in order."""
        messages = self._link.withdraw(now_us)
        self._estimate.withdrawn(len(messages), now_us)
        self.messages -= len(messages)
        return messages

    def release(self, now_us: int, unix_us: int) -> list[bytes]:
        """Messages that the line has let go by `now_us`."""
        departures = self._link.release(now_us)
        for _ in departures:
            self._flight.sent(now_us, unix_us)
        return [departure.message for departure in departures]

    def reported(self, report: Report, now_us: int, unix_us: int) -> None:
        """The decoder acknowledged, which costs the line an acknowledgement of TCP in turn."""
        self._link.owe(IP_TCP_BYTES)
        acked = self._flight.reported(report, unix_us)
        self._estimate.acked(acked, now_us - report.held_us)

    def view(self, now_us: int) -> LineView:
        """What is believed of the line at `now_us`."""
        self._settle(now_us)
        told_bps = self._link.told_bps(now_us)
        self._estimate.told(told_bps, now_us)
        view = self._estimate.view(now_us)
        if told_bps is None:
            return view
        # A line that is paced here may hold messages apart: it says so itself.
        wait_us = self._link.wait_us(USUAL_PAYLOAD_BYTES, now_us)
        return view._replace(queue_us=max(view.queue_us, wait_us))

    def cap_bps(self, now_us: int) -> int:
        """What the wire rate is kept under at `now_us`: the schedule, or what the line is found to
        carry where the stream goes by that; 0 in an outage, and where it goes by nothing.
        """
        cap_bps = self._link.cap_bps(now_us)
        if cap_bps is not None:
            return cap_bps
        if self._adapts or self._link.is_found_out:
            return round(self._estimate.view(now_us).capacity_bps)
        return 0

    def backlog_us(self, now_us: int) -> int:
        """How long the simulated line is booked already; of one that is to be found out, as far
        as acknowledgements tell.
        """
        if self._link.is_found_out:
            return self._estimate.view(now_us).queue_us
        return self._link.backlog_us(now_us)

    def unacked_us(self, now_us: int) -> int:
        """Age of the oldest message that the decoder has not acknowledged."""
        return self._flight.unacked_us(now_us)

    @property
    def next_release_us(self) -> int | None:
        """When the next message is let go; None where none waits, or the line stays down."""
        return self._link.next_release_us

    @property
    def waits(self) -> bool:
        """Whether an acknowledgement is still to come."""
        return self._flight.waits

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way."""
        return not self.waits and self.next_release_us is None

    @property
    def clock_offset(self) -> Offset | None:
        """The decoder's clock against this one, once a report has told."""
        return self._flight.offset

    def _settle(self, now_us: int) -> None:
        self._estimate.occupied(self._link.settle(now_us), now_us)

"""One stream from chips to bytes: decide, code, pack, pace. The heart of the encoder.

    chip -> Controller -> WarmRungs -> Packer -> Link -> bytes

No I/O and no clock: the live shell and offline scoring drive the same object.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.control.controller import Controller, Observation
from narrowcast_encoder.session.flight import Flight, Offset
from narrowcast_encoder.session.packer import DEFAULT_QUIET_US, Packer
from narrowcast_encoder.session.rungs import WarmRungs
from narrowcast_shared.link import Link
from narrowcast_shared.operating_point import OperatingPoint
from narrowcast_shared.wire import MAX_MESSAGE_BYTES
from narrowcast_shared.wire.cost import OPENING_BYTES
from narrowcast_shared.wire.messages import TICK_US, Data, FrameKind, Report
from narrowcast_shared.wire.serial import serialise


class Counts(NamedTuple):
    """Frames by what became of them, and the bytes of their access units."""

    coded: int = 0
    no_face: int = 0
    skipped: int = 0
    unit_bytes: int = 0


class Stream:
    """Frames in capture order in, bytes for the line out, over any number of connections."""

    def __init__(
        self,
        controller: Controller,
        link: Link,
        start_us: int,
        quiet_us: int = DEFAULT_QUIET_US,
    ) -> None:
        """`start_us` is the Unix time of tick 0, as the HELLO tells it.

        Frames that are not coded wait up to `quiet_us` for company in their message.
        """
        self.start_us = start_us
        self.counts = Counts()
        self._controller = controller
        self._link = link
        self._rungs = WarmRungs()
        self._quiet_us = quiet_us
        self._packer = Packer(0, quiet_us)
        self._flight = Flight()
        self._connected = False
        self._last_ticks = 0

    def begin(self, now_us: int) -> None:
        """The simulated line's time begins at `now_us` (monotonic), if not at 0.

        To be told before the first frame by whoever's clock does not begin with the stream.
        """
        self._link.begin(now_us)

    def connected(self, wanted_seq: int, max_message_bytes: int = MAX_MESSAGE_BYTES) -> None:
        """A connection opened whose decoder wants `wanted_seq` next, in messages of so many bytes.

        Frames captured meanwhile keep their numbers: the gap tells the decoder they are lost.
        """
        next_seq = max(wanted_seq, self._packer.captured)
        max_bytes = min(max_message_bytes, MAX_MESSAGE_BYTES)
        self._packer = Packer(next_seq, self._quiet_us, max_bytes)
        self._rungs.restart()
        self._link.clear()
        self._link.owe(OPENING_BYTES)
        self._flight = Flight()
        self._connected = True

    def disconnected(self) -> None:
        """The connection is gone, and with it what was not yet delivered."""
        self._connected = False
        self._link.clear()
        self._flight = Flight()

    def frame(self, chip: NDArray[np.uint8] | None, captured_us: int, now_us: int) -> None:
        """One captured frame: its chip uint8 [96, 96], or None where it shows no face.

        captured_us is Unix time, now_us monotonic.
        """
        if chip is None:
            self._uncoded(FrameKind.NO_FACE, captured_us, now_us)
            return
        decision = self._controller.decide(self._observe(captured_us, now_us))
        if decision.code and self._connected:
            self._code(chip, decision.point, captured_us, now_us)
        else:
            self._uncoded(FrameKind.SKIPPED, captured_us, now_us)

    def skip(self, captured_us: int, now_us: int) -> None:
        """One captured frame that nobody looked at."""
        self._uncoded(FrameKind.SKIPPED, captured_us, now_us)

    def outgoing(self, now_us: int, unix_us: int) -> list[bytes]:
        """Messages that the line has let go by `now_us`."""
        self._send(self._packer.poll(now_us), now_us)
        departures = self._link.release(now_us)
        for _ in departures:
            self._flight.sent(now_us, unix_us)
        return [departure.message for departure in departures]

    def flush(self, now_us: int) -> None:
        """The source has ended: close the message under way."""
        self._send(self._packer.flush(), now_us)

    @property
    def next_event_us(self) -> int | None:
        """When `outgoing` should be called next; None where nothing waits."""
        times = [t for t in (self._packer.due_us, self._link.next_release_us) if t is not None]
        return min(times, default=None)

    @property
    def next_seq(self) -> int:
        """Number of frames captured so far, as the session counts."""
        return self._packer.captured

    def reported(self, report: Report, unix_us: int) -> None:
        """The decoder acknowledged."""
        self._flight.reported(report, unix_us)

    def want_keyframe(self) -> None:
        """The decoder cannot go on without a keyframe."""
        self._rungs.want_keyframe()

    @property
    def clock_offset(self) -> Offset | None:
        """The decoder's clock against this one, once a report has told."""
        return self._flight.offset

    def unacked_us(self, now_us: int) -> int:
        """Age of the oldest message that the decoder has not acknowledged."""
        return self._flight.unacked_us(now_us)

    def _code(
        self, chip: NDArray[np.uint8], point: OperatingPoint, captured_us: int, now_us: int
    ) -> None:
        coded = self._rungs.encode(chip, point.rung)
        self._controller.coded(point.rung, coded.unit.size_bytes, keyframe=coded.unit.keyframe)
        self.counts = self.counts._replace(
            coded=self.counts.coded + 1, unit_bytes=self.counts.unit_bytes + coded.unit.size_bytes
        )
        ticks = self._ticks(captured_us)
        out = self._packer.add_coded(ticks, coded, point.frames_per_message, point.fps, now_us)
        self._send(out, now_us)

    def _uncoded(self, kind: FrameKind, captured_us: int, now_us: int) -> None:
        if kind is FrameKind.NO_FACE:
            self.counts = self.counts._replace(no_face=self.counts.no_face + 1)
        else:
            self.counts = self.counts._replace(skipped=self.counts.skipped + 1)
        self._send(self._packer.add_uncoded(kind, self._ticks(captured_us), now_us), now_us)

    def _ticks(self, captured_us: int) -> int:
        """Capture time on the wire: never before the frame before, whatever the clock did."""
        self._last_ticks = max(self._last_ticks, (captured_us - self.start_us) // TICK_US)
        return self._last_ticks

    def _observe(self, captured_us: int, now_us: int) -> Observation:
        return Observation(
            now_us, captured_us, self._link.backlog_us(now_us), self._flight.unacked_us(now_us)
        )

    def _send(self, messages: list[Data], now_us: int) -> None:
        if not self._connected:
            return
        for message in messages:
            self._link.offer(serialise(message), now_us)

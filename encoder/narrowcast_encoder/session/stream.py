"""One stream from chips to bytes: decide, code, pack, pace. The heart of the encoder.

    chip -> Controller -> WarmRungs -> Packer -> Uplink -> bytes
        `-> Backfill, what the line does not take -----^

No I/O and no clock: the live shell and offline scoring drive the same object.
"""

from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.rate.controller import Controller, Decision, Observation
from narrowcast_encoder.session.backfill import Backfill
from narrowcast_encoder.session.change import Change
from narrowcast_encoder.session.flight import Offset
from narrowcast_encoder.session.long_gap import stones
from narrowcast_encoder.session.packer import DEFAULT_QUIET_US, Packer
from narrowcast_encoder.session.rungs import WarmRungs
from narrowcast_encoder.session.told_cap import ToldCap
from narrowcast_encoder.session.uplink import Uplink
from narrowcast_encoder.session.withdrawal import without_units
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire import MAX_MESSAGE_BYTES
from narrowcast_shared.wire.messages import MAX_COUNT, TICK_US, Data, Frame, FrameKind, Report
from narrowcast_shared.wire.serial import parse, serialise

LATE_RUNG = Rung(32, 36)
"""What is held is coded at this where no live frame ever was."""


class Counts(NamedTuple):
    """Frames by what became of them, and the bytes of their access units.

    backfilled: coded late. What is held or never sent is in none of them.
    """

    coded: int = 0
    no_face: int = 0
    skipped: int = 0
    unit_bytes: int = 0
    backfilled: int = 0


class Stream:
    """Frames in capture order in, bytes for the line out, over any number of connections."""

    def __init__(
        self,
        controller: Controller,
        uplink: Uplink,
        start_us: int,
        quiet_us: int = DEFAULT_QUIET_US,
    ) -> None:
        """`start_us` is the Unix time of tick 0, as the HELLO tells it.

        Frames that are not coded wait up to `quiet_us` for company in their message.
        """
        self.start_us = start_us
        self.counts = Counts()
        self._controller = controller
        self._uplink = uplink
        self._change = Change()
        self._rungs = WarmRungs()
        self._quiet_us = quiet_us
        self._packer = Packer(0, quiet_us)
        self._backfill = Backfill()
        self._told_cap: ToldCap | None = None
        self._connected = False
        self._end_seq = 0  # of what this connection's messages tell of
        self._known = False  # to a decoder
        self._live_rung = LATE_RUNG
        self._last_ticks = 0

    def begin(self, now_us: int) -> None:
        """The simulated line's time begins at `now_us` (monotonic), if not at 0.

        To be told before the first frame by whoever's clock does not begin with the stream.
        """
        self._uplink.begin(now_us)

    def connected(
        self,
        wanted_seq: int,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        *,
        backfill: bool = False,
        told_cap_bps: int | None = None,
    ) -> None:
        """A connection opened whose decoder wants `wanted_seq` next, in messages of so many bytes.

        Frames captured meanwhile keep their numbers. With `backfill` the decoder waits for those
        in the gap; without, they are lost. told_cap_bps: the cap that the decoder knows of, 0 for
        none; None where it is not to be told of any.
        """
        if wanted_seq > self._packer.captured:  # the session is not of this encoder alone
            self._backfill = Backfill()
        self._backfill.connected(wanted_seq, enabled=backfill)
        next_seq = max(wanted_seq, self._packer.captured)
        max_bytes = min(max_message_bytes, MAX_MESSAGE_BYTES)
        self._packer = Packer(next_seq, self._quiet_us, max_bytes)
        self._rungs.restart()
        self._uplink.opened()
        self._told_cap = None if told_cap_bps is None else ToldCap(told_cap_bps)
        self._known = True
        self._connected = True
        self._end_seq = wanted_seq

    def disconnected(self) -> None:
        """The connection is gone, and with it what was not yet delivered."""
        self._connected = False
        self._backfill.disconnected()
        self._uplink.closed()

    def frame(self, chip: NDArray[np.uint8] | None, captured_us: int, now_us: int) -> None:
        """One captured frame: its chip uint8 [96, 96], or None where it shows no face.

        captured_us is Unix time, now_us monotonic.
        """
        if self._connected and self._uplink.is_overbooked(now_us):
            self._withdraw(now_us)
        if self._is_out(now_us):
            kind = FrameKind.NO_FACE if chip is None else FrameKind.SKIPPED
            self._hold(kind, captured_us, now_us, chip)
            return
        if chip is None:
            self._uncoded(FrameKind.NO_FACE, captured_us, now_us)
            return
        decision = self._controller.decide(self._observe(chip, captured_us, now_us))
        if decision.code and self._connected:
            self._code(chip, decision, captured_us, now_us)
        else:
            self._uncoded(FrameKind.SKIPPED, captured_us, now_us, chip)

    def skip(self, captured_us: int, now_us: int) -> None:
        """One captured frame that nobody looked at."""
        if self._is_out(now_us):
            self._hold(FrameKind.SKIPPED, captured_us, now_us)
        else:
            self._uncoded(FrameKind.SKIPPED, captured_us, now_us)

    def outgoing(self, now_us: int, unix_us: int) -> list[bytes]:
        """Messages that the line has let go by `now_us`."""
        self._send(self._packer.poll(now_us), now_us)
        self._send_late(now_us)
        self._shorten_gap(self._packer.captured, now_us)  # an END may be next
        return self._uplink.release(now_us, unix_us)

    def flush(self, now_us: int) -> None:
        """The source has ended: close the message under way, and send what is held at full rate."""
        self._send(self._packer.flush(), now_us)
        self._backfill.source_ended()

    def give_up(self) -> None:
        """There is no time to code what is held: it is told as skipped."""
        self._backfill.give_up()

    @property
    def next_event_us(self) -> int | None:
        """When `outgoing` should be called next; None where nothing waits."""
        late_us = self._backfill.next_due_us if self._connected else None
        times = (self._packer.due_us, self._uplink.next_release_us, late_us)
        return min((t for t in times if t is not None), default=None)

    @property
    def is_told(self) -> bool:
        """Whether nothing is left to send, or nothing that an acknowledgement could set free."""
        if self.next_event_us is not None:
            return False
        return not self._backfill.held or not self._uplink.waits

    @property
    def owed_from(self) -> int | None:
        """First frame that it can still tell of; None before its first connection."""
        if not self._known:
            return None
        owed_from = self._backfill.owed_from
        return self._packer.captured if owed_from is None else owed_from

    @property
    def next_seq(self) -> int:
        """Number of frames captured so far, as the session counts."""
        return self._packer.captured

    def reported(self, report: Report, now_us: int, unix_us: int) -> None:
        """The decoder acknowledged."""
        self._uplink.reported(report, now_us, unix_us)
        self._backfill.reported(report.messages, report.stored_seq, now_us)

    def want_keyframe(self, *, late: bool = False) -> None:
        """The decoder cannot go on without a keyframe: with LATE messages, if `late`."""
        if late:
            self._backfill.want_keyframe()
        else:
            self._rungs.want_keyframe()

    def sent_past(self, message: bytes) -> None:
        """A message went out without waiting for the line, which carries it all the same."""
        self._uplink.owe(message)

    @property
    def clock_offset(self) -> Offset | None:
        """The decoder's clock against this one, once a report has told."""
        return self._uplink.clock_offset

    def unacked_us(self, now_us: int) -> int:
        """Age of the oldest message that the decoder has not acknowledged."""
        return self._uplink.unacked_us(now_us)

    def _code(
        self, chip: NDArray[np.uint8], decision: Decision, captured_us: int, now_us: int
    ) -> None:
        point = decision.point
        self._live_rung = point.rung
        coded = self._rungs.encode(chip, point.rung)
        self._controller.coded(point.rung, coded.unit.size_bytes, keyframe=coded.unit.keyframe)
        self._change.coded(chip)
        self.counts = self.counts._replace(
            coded=self.counts.coded + 1, unit_bytes=self.counts.unit_bytes + coded.unit.size_bytes
        )
        ticks = self._ticks(captured_us)
        self._keep(Frame(ticks, FrameKind.SKIPPED), captured_us, chip)
        out = self._packer.add_coded(
            ticks, coded, point.frames_per_message, point.fps, now_us, decision.full_bytes
        )
        self._send(out, now_us)

    def _uncoded(
        self,
        kind: FrameKind,
        captured_us: int,
        now_us: int,
        chip: NDArray[np.uint8] | None = None,
    ) -> None:
        if kind is FrameKind.NO_FACE:
            self.counts = self.counts._replace(no_face=self.counts.no_face + 1)
        else:
            self.counts = self.counts._replace(skipped=self.counts.skipped + 1)
        ticks = self._ticks(captured_us)
        self._keep(Frame(ticks, kind), captured_us, chip)
        self._send(self._packer.add_uncoded(kind, ticks, now_us), now_us)

    def _keep(self, frame: Frame, captured_us: int, chip: NDArray[np.uint8] | None) -> None:
        """Until the decoder has stored what is about to be told."""
        self._backfill.told(self._packer.captured, frame, chip, captured_us)

    def _is_out(self, now_us: int) -> bool:
        """Whether frames are to be held: nothing is told over a line that is down."""
        if not self._backfill.enabled:
            return False
        return not self._connected or self._uplink.view(now_us).down

    def _hold(
        self,
        kind: FrameKind,
        captured_us: int,
        now_us: int,
        chip: NDArray[np.uint8] | None = None,
    ) -> None:
        seq, out = self._packer.pass_over()
        self._send(out, now_us)
        self._backfill.hold(seq, Frame(self._ticks(captured_us), kind), chip, captured_us)

    def _ticks(self, captured_us: int) -> int:
        """Capture time on the wire: never before the frame before, whatever the clock did."""
        self._last_ticks = max(self._last_ticks, (captured_us - self.start_us) // TICK_US)
        return self._last_ticks

    def _withdraw(self, now_us: int) -> None:
        """Tell what waits for the line without its access units; the next frame is a keyframe."""
        begun = self._packer.flush()
        waiting = cast(list[Data], [parse(message) for message in self._uplink.withdraw(now_us)])
        withdrawn = without_units([*waiting, *begun])
        self._rungs.break_off()
        self._change.lost()
        if self._told_cap is not None:
            self._told_cap.withdrawn()
        self.counts = self.counts._replace(
            coded=self.counts.coded - withdrawn.frames,
            skipped=self.counts.skipped + withdrawn.frames,
            unit_bytes=self.counts.unit_bytes - withdrawn.unit_bytes,
        )
        self._send(withdrawn.messages, now_us)

    def _observe(self, chip: NDArray[np.uint8], captured_us: int, now_us: int) -> Observation:
        return Observation(
            now_us,
            captured_us,
            self._uplink.backlog_us(now_us),
            self._uplink.unacked_us(now_us),
            self._uplink.view(now_us),
            self._change.of(chip),
            self._packer.waiting,
            self._backfill.is_under_way,
        )

    def _send_late(self, now_us: int) -> None:
        if not self._connected or not self._backfill.held:
            return
        line = self._uplink.view(now_us)
        late = self._backfill.message(line, self._live_rung, now_us, idle=self._uplink.idle)
        if late is None:
            return
        coded = sum(bool(frame.nals) for frame in late.frames)
        self.counts = self.counts._replace(backfilled=self.counts.backfilled + coded)
        size_bytes = self._send([late], now_us)
        self._backfill.sent(self._uplink.messages, size_bytes, line, now_us)

    def _send(self, messages: list[Data], now_us: int) -> int:
        """Hand messages to the line; their bytes, all headers counted."""
        return sum(self._send_one(message, now_us) for message in messages if self._connected)

    def _send_one(self, message: Data, now_us: int) -> int:
        end_seq = message.first_seq + len(message.frames)
        self._shorten_gap(end_seq if message.late else message.first_seq, now_us)
        self._end_seq = max(self._end_seq, end_seq)
        return self._uplink.send(serialise(self._with_cap(message, now_us)), now_us)

    def _shorten_gap(self, seq: int, now_us: int) -> None:
        """Before `seq` is told of: a decoder takes no gap that is too long for an outage."""
        for stone in stones(self._end_seq, seq) if self._connected else ():
            ticks = self._backfill.ticks_of(stone)
            frame = Frame(self._last_ticks if ticks is None else ticks, FrameKind.SKIPPED)
            self._send_one(Data(0, stone, (frame,)), now_us)

    def _with_cap(self, message: Data, now_us: int) -> Data:
        """Tell of the cap beside the frames, where it is another than the decoder knows."""
        if self._told_cap is None:
            return message
        kept_bps = min(self._uplink.cap_bps(now_us), MAX_COUNT)  # more cannot be told, nor matters
        cap_bps = self._told_cap.news(kept_bps, now_us)
        return message if cap_bps is None else message._replace(cap_bps=cap_bps)

"""What the line did not take, sent later: behind live frames, with a small share of the line.

    told, not acknowledged --connection lost--+
    captured in an outage --------------------+--> held --> LATE messages, the oldest first

Pure: time is an argument.
"""

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.rate.bandwidth import LineView
from narrowcast_encoder.rate.controller import BACKFILL_SHARE
from narrowcast_encoder.rate.frame_selection import FrameThinner
from narrowcast_encoder.session.held import HELD_PX, HeldFrames, HeldRun
from narrowcast_encoder.session.packer import MAX_FRAMES
from narrowcast_encoder.session.rungs import WarmRungs
from narrowcast_encoder.session.spacing import on_grid
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.cost import wire_bytes
from narrowcast_shared.wire.messages import Data, Frame

HELD_FPS = 2.0
"""Chips kept, and so back-filled, a second: more would only make what they stand for later."""

ENDING_SHARE = 0.9
"""Once the source has ended and there are none."""

SETTLE_US = 3_000_000
"""Live frames have the line for themselves for so long once it is back: their delay settles."""

QUEUE_US = 100_000
"""Nothing late is sent while the line is booked for longer."""

MESSAGE_US = 150_000
"""A message is to take the line no longer than this, so that live frames wait no longer."""

MESSAGE_BYTES = (100, 2_000)
"""What a message may weigh on the thinnest line and on any, headers counted; one frame always
fits. Beyond, sharing headers saves next to nothing.
"""

RUNG_HOLD_US = 10_000_000
"""A rung stays for so long: another one costs a keyframe, ten times a frame."""

MAX_TOLD_CHIPS = 64
MAX_CONTEXTS = 2
HEAD_BYTES = 16
RUN_BYTES = 4
US_PER_S = 1_000_000


class Backfill:
    """Everything the decoder may not have. Without `enabled` it keeps and sends nothing.

    next_due_us: when `message` should be asked again; None where a report has to come first.
    """

    def __init__(self) -> None:
        self.enabled = False
        self.next_due_us: int | None = None
        self.held = HeldFrames()
        self._told = HeldFrames(MAX_TOLD_CHIPS)
        self._sent: list[HeldRun] = []
        self._sent_as: int | None = None
        self._retold_end_seq = 0  # what is held below was sent before, and may have arrived
        self._keep = FrameThinner()
        self._rungs = WarmRungs(MAX_CONTEXTS)
        self._rung: Rung | None = None
        self._rung_since_us = 0
        self._unit_bytes = 0  # of the last access unit
        self._ended = False
        self._heard = False
        self._ready_us: int | None = None

    @property
    def owed_from(self) -> int | None:
        """First frame that the decoder may not have and can be told of; None for none."""
        runs = [*self._sent[:1], *list(self._told)[:1], *list(self.held)[:1]]
        return min((run.first_seq for run in runs), default=None)

    @property
    def is_under_way(self) -> bool:
        """Whether frames are held and the decoder is there to take them."""
        return self._heard and bool(self.held)

    def ticks_of(self, seq: int) -> int | None:
        """Capture time of a frame that is held."""
        return self.held.ticks_of(seq)

    def told(
        self, seq: int, frame: Frame, chip: NDArray[np.uint8] | None, captured_us: int
    ) -> None:
        """A frame went into a message, with this chip uint8 [96, 96] if it shows a face."""
        if self.enabled:
            self._add(self._told, seq, frame, chip, captured_us)

    def hold(
        self, seq: int, frame: Frame, chip: NDArray[np.uint8] | None, captured_us: int
    ) -> None:
        """A frame is kept instead."""
        self._add(self.held, seq, frame, chip, captured_us)

    def connected(self, wanted_seq: int, *, enabled: bool) -> None:
        """A new connection, whose decoder has what it ever gets of frames below `wanted_seq`.

        But for those held: they are owed still.
        """
        self.enabled = enabled
        self._told.drop_below(wanted_seq)
        self.held.merge(self._told)
        self._told.clear()
        if not enabled:
            self.held.clear()
        self._rungs.restart()
        self._rung = None
        self._wait()

    def disconnected(self) -> None:
        """What was sent last may not have arrived; what did is told again and dropped there."""
        self.held.merge(self._sent)
        if self._sent:
            self._retold_end_seq = self._sent[-1].end_seq
        self._sent, self._sent_as = [], None
        self._wait()

    def reported(self, messages: int, stored_seq: int, now_us: int) -> None:
        """The decoder has had so many messages of this connection, and stored frames so far."""
        self._heard = True
        self._told.drop_below(stored_seq)
        if self._sent_as is not None and messages >= self._sent_as:
            self._sent, self._sent_as = [], None
        self.next_due_us = now_us if self.held and not self._sent else None

    def want_keyframe(self) -> None:
        """The decoder cannot go on without one."""
        self._rungs.want_keyframe()

    def source_ended(self) -> None:
        """There are no more live frames: the line is free."""
        self._ended = True
        self._ready_us = None

    def give_up(self) -> None:
        """There is no time any more: what is held is told without being coded."""
        self.held.drop_chips()

    def message(
        self, line: LineView, live: Rung, now_us: int, *, idle: bool = False
    ) -> Data | None:
        """The next LATE message, if it may go now. live: the rung in force.

        idle: nothing is on its way. Behind the end of the source a message then has to go into
        the outage, for nothing else would show its end.
        """
        self.next_due_us = None
        probing = line.down and self._ended and idle
        if not probing and (line.down or not (self._heard or self._ended)):
            self._wait()
            return None
        if not self.held or self._sent:
            return None
        if self._ready_us is None:
            self._ready_us = now_us if self._ended else now_us + SETTLE_US
        queue_us = 0 if probing else max(0, line.queue_us - QUEUE_US)
        self.next_due_us = max(self._ready_us, now_us + queue_us)
        if self.next_due_us > now_us:
            return None
        least, most = MESSAGE_BYTES
        bytes_in_time = round(line.capacity_bps * MESSAGE_US / US_PER_S / 8)
        budget_bytes = min(max(bytes_in_time, least), most) - wire_bytes(0)
        data = self._pack(budget_bytes, self._choose(live, now_us))
        self.next_due_us = None
        return data

    def sent(self, messages: int, size_bytes: int, line: LineView, now_us: int) -> None:
        """The message that was given last is that one of the connection, and weighed so much.

        All headers counted: the next one waits until its share of the line has paid for it.
        """
        self._sent_as = messages
        share = ENDING_SHARE if self._ended else BACKFILL_SHARE
        self._ready_us = now_us + round(8e6 * size_bytes / (share * line.capacity_bps))

    def _wait(self) -> None:
        """Until the decoder is heard again."""
        self._heard = False
        self._ready_us = self.next_due_us = None

    def _add(
        self,
        kept: HeldFrames,
        seq: int,
        frame: Frame,
        chip: NDArray[np.uint8] | None,
        captured_us: int,
    ) -> None:
        if chip is not None and not self._keep.due(captured_us, HELD_FPS):
            chip = None
        kept.add(seq, frame.ticks, frame.kind, chip)

    def _choose(self, live: Rung, now_us: int) -> Rung:
        if self._rung is None or now_us - self._rung_since_us >= RUNG_HOLD_US:
            self._rung, self._rung_since_us = Rung(min(live.px, HELD_PX), live.qp), now_us
        return self._rung

    def _pack(self, budget_bytes: int, rung: Rung) -> Data:
        """The oldest frames that follow one another, up to the budget; at least one run of them."""
        frames: list[Frame] = []
        opened: Rung | None = None
        size_bytes, runs, end_seq = HEAD_BYTES, 0, 0
        for run in self.held:
            size_bytes += RUN_BYTES if run.chip is None else self._unit_bytes
            if frames and (size_bytes > budget_bytes or not _continues(frames, run, end_seq)):
                break
            if run.chip is None:
                frames += run.told()
            else:
                self._pass_retold(run.first_seq)
                coded = self._rungs.encode(run.chip, rung)
                opened = rung if coded.new_epoch else opened
                self._unit_bytes = coded.unit.size_bytes + RUN_BYTES
                frames.append(coded.frame(run.first_ticks))
            runs, end_seq = runs + 1, run.end_seq
        self._sent = self.held.take(runs)
        epoch = max(0, self._rungs.epoch)
        return Data(epoch, self._sent[0].first_seq, _on_grid(frames), opened, late=True)

    def _pass_retold(self, seq: int) -> None:
        """What is told twice may be dropped unread, a keyframe too: behind it comes another."""
        if self._retold_end_seq and seq >= self._retold_end_seq:
            self._retold_end_seq = 0
            self._rungs.want_keyframe()


def _continues(frames: list[Frame], run: HeldRun, end_seq: int) -> bool:
    """Whether a message may go on with a run: their times have to be told in no more bytes."""
    ticks = [frame.ticks for frame in (*frames, *run.told())]
    return run.first_seq == end_seq and len(ticks) <= MAX_FRAMES and on_grid(ticks) is not None


def _on_grid(frames: list[Frame]) -> tuple[Frame, ...]:
    """The same, whole ticks apart where that is near enough."""
    ticks = on_grid([frame.ticks for frame in frames])
    if ticks is None:
        return tuple(frames)
    return tuple(frame._replace(ticks=at) for frame, at in zip(frames, ticks, strict=True))

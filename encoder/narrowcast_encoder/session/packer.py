"""Frames into DATA messages: k coded frames in one, runs of uncoded ones in between."""

import math

from narrowcast_encoder.session.rungs import CodedChip
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire import MAX_MESSAGE_BYTES
from narrowcast_shared.wire.messages import Data, Frame, FrameKind

DEFAULT_QUIET_US = 200_000
"""How long frames without an access unit wait for company: alone they would pay 58 B each."""

MAX_FRAMES = 1000
"""Frames in one message, coded or not: half a minute without a face, under any hold."""

MAX_HEAD_BYTES = 4096
"""More than a message's head, and the runs and times of its frames, ever take."""

MAX_ENTRY_BYTES = 48
"""More than an entry's head, its NAL units' lengths and its time ever take."""

HOLD_SHARE = 1.5
"""A message with coded frames is closed after this many times the k frames' own duration."""


class Packer:
    """Collects frames of one epoch. Every method returns the messages that are now complete."""

    def __init__(
        self,
        first_seq: int,
        quiet_us: int = DEFAULT_QUIET_US,
        max_bytes: int = MAX_MESSAGE_BYTES,
    ) -> None:
        self.next_seq = first_seq
        self._max_payload_bytes = max_bytes - MAX_HEAD_BYTES
        self._payload_bytes = 0
        self._unit_bytes = 0
        self._quiet_us = quiet_us
        self._frames: list[Frame] = []
        self._epoch = 0
        self._rung_told: Rung | None = None
        self._rung: Rung | None = None
        self._opened_us = 0
        self._hold_us = quiet_us
        self._coded = 0

    def add_uncoded(self, kind: FrameKind, ticks: int, now_us: int) -> list[Data]:
        """A frame without a face, or a skipped one."""
        out = self.poll(now_us)
        self._append(Frame(ticks, kind), now_us)
        return out + self._full()

    def add_coded(
        self,
        ticks: int,
        chip: CodedChip,
        frames_per_message: int,
        fps: float,
        now_us: int,
        full_bytes: float = math.inf,
    ) -> list[Data]:
        """A coded frame. A new epoch closes a message with coded frames of the one before.

        A message with `full_bytes` of access units is full, however few its frames are: it would
        keep the line too long.
        """
        size_bytes = chip.unit.size_bytes + MAX_ENTRY_BYTES
        too_large = self._payload_bytes + size_bytes > self._max_payload_bytes
        other_epoch = chip.epoch != self._epoch and self._coded > 0
        out = self.flush() if too_large or other_epoch else []
        self._payload_bytes += size_bytes
        if chip.new_epoch:
            self._epoch, self._rung = chip.epoch, chip.rung
            self._rung_told = None
        if self._coded == 0:
            self._hold_us = round(HOLD_SHARE * 1_000_000 * frames_per_message / fps)
        self._append(chip.frame(ticks), now_us)
        self._coded += 1
        self._unit_bytes += chip.unit.size_bytes
        if self._coded >= frames_per_message or self._unit_bytes >= full_bytes:
            return out + self.flush()
        return out + self._full()

    def poll(self, now_us: int) -> list[Data]:
        """Close the message under way when it has waited long enough."""
        due_us = self.due_us
        return self.flush() if due_us is not None and now_us >= due_us else []

    @property
    def waiting(self) -> int:
        """Coded frames in the message under way."""
        return self._coded

    @property
    def due_us(self) -> int | None:
        """When the message under way is to be closed; None where there is none."""
        if not self._frames:
            return None
        return self._opened_us + (self._hold_us if self._coded else self._quiet_us)

    def flush(self) -> list[Data]:
        """Close the message under way, whatever it holds."""
        if not self._frames:
            return []
        rung = self._rung if self._rung != self._rung_told else None
        data = Data(self._epoch, self.next_seq, tuple(self._frames), rung)
        self._rung_told = self._rung
        self.next_seq += len(self._frames)
        self._frames = []
        self._coded = 0
        self._payload_bytes = 0
        self._unit_bytes = 0
        return [data]

    def pass_over(self) -> tuple[int, list[Data]]:
        """A frame that no message speaks of: its sequence number, and the message closed by it."""
        out = self.flush()
        self.next_seq += 1
        return self.next_seq - 1, out

    @property
    def captured(self) -> int:
        """Sequence number that the next captured frame will get."""
        return self.next_seq + len(self._frames)

    def _append(self, frame: Frame, now_us: int) -> None:
        if not self._frames:
            self._opened_us = now_us
        self._frames.append(frame)

    def _full(self) -> list[Data]:
        return self.flush() if len(self._frames) >= MAX_FRAMES else []

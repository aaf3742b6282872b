"""Back-fill: live first, then the oldest, with a small share of the line, until all is told."""

from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_encoder.rate.bandwidth import LineView
from narrowcast_encoder.rate.controller import BACKFILL_SHARE
from narrowcast_encoder.session.backfill import (
    HELD_FPS,
    QUEUE_US,
    SETTLE_US,
    Backfill,
)
from narrowcast_shared.codec import ChipDecoder
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.cost import wire_bytes
from narrowcast_shared.wire.messages import Data, Frame, FrameKind
from narrowcast_shared.wire.serial import serialise

LIVE = Rung(32, 36)
FINE = Rung(48, 16)
LINE = LineView(12_000.0)
S = 1_000_000


def chip(index: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:96, 0:96]
    blob = 128 + 100 * np.exp(-((x - 48 - index % 7) ** 2 + (y - 48) ** 2) / 400)
    return blob.astype(np.uint8)


def held(seconds: int, *, enabled: bool = True) -> Backfill:
    """An outage of so many seconds at 25 fps, and the decoder heard again at 0."""
    backfill = Backfill()
    backfill.connected(0, enabled=enabled)
    for seq in range(25 * seconds):
        frame = Frame(400 * seq, FrameKind.SKIPPED)
        backfill.hold(seq, frame, chip(seq), 40_000 * seq)
    backfill.reported(1, 0, 0)
    return backfill


class Sent:
    """Sends what may go, acknowledged after 300 ms, under a clock of its own."""

    def __init__(self, backfill: Backfill, line: LineView = LINE, live: Rung = LIVE) -> None:
        self.backfill, self.line, self.live = backfill, line, live
        self.messages: list[tuple[int, Data, int]] = []

    def run(self, start_us: int, end_us: int) -> None:
        acked_us = end_us
        for now_us in range(start_us, end_us, 10_000):
            if now_us >= acked_us:
                self.backfill.reported(1 + len(self.messages), 0, now_us)
                acked_us = end_us
            data = self.backfill.message(self.line, self.live, now_us)
            if data is None:
                continue
            size_bytes = wire_bytes(len(serialise(data)))
            self.messages.append((now_us, data, size_bytes))
            self.backfill.sent(1 + len(self.messages), size_bytes, self.line, now_us)
            acked_us = now_us + 300_000

    def seqs(self) -> list[int]:
        return [d.first_seq + i for _, d, _ in self.messages for i in range(len(d.frames))]


def test_everything_is_told_in_order_at_a_low_rate_within_its_share() -> None:
    sent = Sent(held(20))
    sent.run(0, 30 * S)
    assert sent.seqs() == list(range(500))
    assert all(data.late for _, data, _ in sent.messages)
    coded = sum(bool(frame.nals) for _, data, _ in sent.messages for frame in data.frames)
    assert coded == 20 * HELD_FPS
    (first_us, _, _), (last_us, _, last_bytes) = sent.messages[0], sent.messages[-1]
    assert first_us == SETTLE_US
    total = sum(size for _, _, size in sent.messages) - last_bytes
    assert 8e6 * total / (last_us - first_us) <= BACKFILL_SHARE * LINE.capacity_bps
    assert len(sent.messages) < coded / 2, "several frames share a message"


def test_late_frames_decode_to_the_chips_that_were_held() -> None:
    sent = Sent(held(3), live=Rung(96, 10))
    sent.run(0, 60 * S)
    decoder = ChipDecoder(48)
    data = [d for _, d, _ in sent.messages]
    assert data[0].rung == Rung(48, 10)
    decoded = {
        d.first_seq + i: decoder.decode(f.nals)
        for d in data for i, f in enumerate(d.frames) if f.nals
    }  # fmt: skip
    assert len(decoded) == 6
    for seq, pixels in decoded.items():
        small = chip(seq).reshape(48, 2, 48, 2).mean(axis=(1, 3))
        assert np.abs(pixels - small).max() <= 8


def test_nothing_goes_while_the_line_is_down_or_booked_or_the_decoder_silent() -> None:
    backfill = held(2)
    backfill.disconnected()
    backfill.connected(0, enabled=True)
    assert backfill.message(LINE, LIVE, 5 * S) is None, "no report on this connection yet"
    assert not backfill.is_under_way
    backfill.reported(1, 0, 6 * S)
    assert backfill.is_under_way
    assert backfill.message(LINE, LIVE, 6 * S) is None
    booked = LINE._replace(queue_us=QUEUE_US + 70_000)
    settled_us = 6 * S + SETTLE_US
    assert backfill.message(booked, LIVE, settled_us) is None
    assert backfill.next_due_us == settled_us + 70_000
    assert backfill.message(LINE._replace(down=True), LIVE, settled_us) is None
    assert backfill.message(LINE, LIVE, settled_us) is None, "down: a report has to come first"
    backfill.reported(1, 0, 20 * S)
    assert backfill.message(LINE, LIVE, 20 * S) is None
    assert backfill.next_due_us == 20 * S + SETTLE_US
    assert backfill.message(LINE, LIVE, 20 * S + SETTLE_US) is not None


def test_the_next_message_waits_for_an_acknowledgement() -> None:
    backfill = held(4)
    assert backfill.message(LINE, LIVE, 0) is None
    first = backfill.message(LINE, LIVE, SETTLE_US)
    assert first is not None
    backfill.sent(5, 200, LINE, SETTLE_US)
    assert backfill.message(LINE, LIVE, 20 * S) is None
    backfill.reported(4, 0, 21 * S)
    assert backfill.message(LINE, LIVE, 21 * S) is None
    backfill.reported(5, 0, 22 * S)
    second = backfill.message(LINE, LIVE, 22 * S)
    assert second is not None
    assert second.first_seq == len(first.frames)


def test_what_was_not_acknowledged_is_told_again_on_the_next_connection() -> None:
    backfill = held(4)
    backfill.message(LINE, LIVE, 0)
    first = backfill.message(LINE, LIVE, SETTLE_US)
    assert first is not None
    backfill.sent(5, 200, LINE, SETTLE_US)
    assert backfill.owed_from == 0
    backfill.disconnected()
    backfill.connected(200, enabled=True)
    backfill.reported(1, 200, 4 * S)
    backfill.message(LINE, LIVE, 4 * S)
    again = backfill.message(LINE, LIVE, 4 * S + SETTLE_US)
    assert again is not None
    assert (again.first_seq, again.rung) == (0, LIVE)
    keyframe = next(frame for frame in again.frames if frame.nals)
    assert keyframe.kind is FrameKind.KEYFRAME, "contexts are cold on a new connection"


def test_behind_what_is_told_twice_comes_a_keyframe() -> None:
    """The decoder drops what it has already, the keyframe that the next frame builds on too."""
    backfill = held(20)
    sent = Sent(backfill)
    sent.run(0, SETTLE_US + 10_000)
    (_, before, _), *_ = sent.messages
    backfill.disconnected()
    backfill.connected(500, enabled=True)
    backfill.reported(1, 500, 4 * S)
    again = Sent(backfill)
    again.run(4 * S, 40 * S)
    assert again.seqs() == list(range(500))
    kinds = {
        data.first_seq + i: frame.kind
        for _, data, _ in again.messages for i, frame in enumerate(data.frames) if frame.nals
    }  # fmt: skip
    told_twice = [seq for seq in kinds if seq < before.first_seq + len(before.frames)]
    keyframes = [seq for seq, kind in kinds.items() if kind is FrameKind.KEYFRAME]
    assert keyframes == [min(told_twice), min(set(kinds) - set(told_twice))]


def test_what_was_told_and_never_stored_is_held() -> None:
    backfill = Backfill()
    backfill.connected(0, enabled=True)
    for seq in range(100):
        backfill.told(seq, Frame(400 * seq, FrameKind.SKIPPED), chip(seq), 40_000 * seq)
    backfill.reported(20, 30, 4 * S)
    assert backfill.owed_from == 30
    backfill.disconnected()
    backfill.connected(60, enabled=True)
    assert next(iter(backfill.held)).first_seq == 60
    assert sum(run.frames for run in backfill.held) == 40
    assert backfill.held.chips == pytest.approx(40 * HELD_FPS / 25, abs=1)


def test_after_the_source_has_ended_the_line_is_free() -> None:
    line = LineView(3_000.0)
    live, ended = Sent(held(20), line, FINE), Sent(held(20), line, FINE)
    ended.backfill.source_ended()
    live.run(0, 60 * S)
    ended.run(0, 60 * S)
    assert ended.seqs() == live.seqs() == list(range(500))
    assert ended.messages[-1][0] < live.messages[-1][0] / 3


def test_in_haste_all_is_told_without_being_coded() -> None:
    sent = Sent(held(20))
    sent.backfill.source_ended()
    sent.backfill.give_up()
    sent.run(0, 2 * S)
    assert sent.seqs() == list(range(500))
    assert len(sent.messages) == 1


def test_a_decoder_that_takes_nothing_late_gets_nothing() -> None:
    backfill = held(2)
    backfill.disconnected()
    backfill.connected(0, enabled=False)
    assert not backfill.held
    assert backfill.owed_from is None


@pytest.mark.parametrize("capacity_bps", [2_000.0, 4_000.0, 32_000.0])
def test_a_message_takes_the_line_no_longer_than_live_frames_can_wait(capacity_bps: float) -> None:
    sent = Sent(held(10), LineView(capacity_bps), FINE)
    sent.run(0, 200 * S)
    assert sent.seqs() == list(range(250))
    _, *later = [size for _, data, size in sent.messages if any(f.nals for f in data.frames)]
    assert 8 * max(later) / capacity_bps < max(0.2, 8 * 160 / capacity_bps)


@pytest.mark.parametrize("jitter_ticks", [0, 5, 80, 160])
@pytest.mark.parametrize("fps", [30.0, 29.97, 25.0, 7.3])
def test_times_take_no_room_and_are_true_to_30_ms(fps: float, jitter_ticks: int) -> None:
    """Frames that nobody coded, of a camera that is not quite regular."""
    random, backfill, ticks = Random(4), Backfill(), [0]
    backfill.connected(0, enabled=True)
    for seq in range(1, 1000):
        jitter = random.randint(-jitter_ticks, jitter_ticks)
        ticks.append(max(ticks[-1], round(10_000 * seq / fps) + jitter))
    for seq, at in enumerate(ticks):
        kind = FrameKind.NO_FACE if seq // 150 % 2 else FrameKind.SKIPPED
        backfill.hold(seq, Frame(at, kind), None, 100 * at)
    backfill.reported(1, 0, 0)
    backfill.source_ended()
    sent = Sent(backfill, LineView(4_000.0))
    sent.run(0, 300 * S)
    assert sent.seqs() == list(range(1000))
    assert max(size for _, _, size in sent.messages) <= 100
    told = [frame.ticks for _, data, _ in sent.messages for frame in data.frames]
    assert max(abs(a - b) for a, b in zip(told, ticks, strict=True)) <= 300

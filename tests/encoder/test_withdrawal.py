"""A line that is told to carry less is freed of what waits for it."""

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.session.settings import StreamSettings, make_stream
from narrowcast_encoder.session.stream import Counts, Stream
from narrowcast_encoder.session.withdrawal import without_units
from narrowcast_shared.link import LinkSettings, parse_schedule
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.messages import Data, Frame, FrameKind
from narrowcast_shared.wire.serial import parse

FRAME_US = 40_000
STEP_FRAME = 25


def test_live_frames_are_told_as_skipped_and_late_ones_go() -> None:
    coded = (Frame(1, FrameKind.NO_FACE), Frame(2, FrameKind.DELTA, (b"abc", b"d")))
    live, late = Data(3, 7, coded, Rung(32, 30)), Data(0, 2, coded[1:], late=True)
    told, frames, unit_bytes = without_units([live, late])
    skipped = (Frame(1, FrameKind.NO_FACE), Frame(2, FrameKind.SKIPPED))
    assert told == [live._replace(frames=skipped), late]
    assert (frames, unit_bytes) == (1, 4)


def noise(seed: int) -> NDArray[np.uint8]:
    """What costs a lot to code."""
    return np.random.default_rng(seed).integers(0, 255, (96, 96), dtype=np.uint8)


def plain(index: int) -> NDArray[np.uint8]:
    return np.full((96, 96), 100 + index % 3, dtype=np.uint8)


def play(cap: str, costly: range) -> tuple[Stream, list[tuple[int, Data]]]:
    """Two seconds at 48 px; the frames of `costly` are noise."""
    settings = StreamSettings(48, 30, link=LinkSettings(parse_schedule(cap)), frames_per_message=1)
    stream = make_stream(settings, 0)
    stream.connected(0)
    sent: list[tuple[int, Data]] = []

    def collect(now_us: int) -> None:
        for message in stream.outgoing(now_us, now_us):
            data = parse(message)
            assert isinstance(data, Data)
            sent.append((now_us, data))

    for index in range(2 * STEP_FRAME):
        chip = noise(index) if index in costly else plain(index)
        stream.frame(chip, index * FRAME_US, index * FRAME_US)
        for now_us in range(index * FRAME_US, (index + 1) * FRAME_US, 5_000):
            collect(now_us)
    stream.flush(2 * STEP_FRAME * FRAME_US)
    while (at_us := stream.next_event_us) is not None:
        collect(at_us)
    return stream, sent


def of_frames(sent: list[tuple[int, Data]]) -> list[tuple[int, Frame, int]]:
    """Of each frame its number, what was told, and when it was there."""
    return [(d.first_seq + i, f, us) for us, d in sent for i, f in enumerate(d.frames)]


def test_after_a_step_down_the_line_is_free_and_the_next_frame_is_a_keyframe() -> None:
    stream, sent = play("64k,1s:8k", range(STEP_FRAME - 1, STEP_FRAME))
    frames = of_frames(sent)
    assert [seq for seq, _, _ in frames] == list(range(2 * STEP_FRAME))
    costly, after = frames[STEP_FRAME - 1], frames[STEP_FRAME:]
    assert costly[1].kind is FrameKind.SKIPPED
    seq, first, at_us = next(found for found in after if found[1].nals)
    assert first.kind is FrameKind.KEYFRAME
    assert at_us - seq * FRAME_US < 600_000
    coded = sum(bool(frame.nals) for _, frame, _ in frames)
    size = sum(len(nal) for _, frame, _ in frames for nal in frame.nals)
    assert stream.counts == Counts(coded, 0, len(frames) - coded, size)


def test_what_a_step_leaves_in_time_and_an_outage_are_left_alone() -> None:
    for cap in ("64k,1s:48k", "64k,1s:0,2s:64k", "64k"):
        _, sent = play(cap, range(STEP_FRAME - 1, STEP_FRAME))
        frames = of_frames(sent)
        assert [seq for seq, _, _ in frames] == list(range(2 * STEP_FRAME)), cap
        assert frames[STEP_FRAME - 1][1].kind is FrameKind.DELTA, cap


def test_without_the_messages_taken_back_acknowledgements_still_count() -> None:
    stream, sent = play("64k,1s:8k", range(STEP_FRAME - 4, STEP_FRAME))
    assert stream._uplink.messages == len(sent)

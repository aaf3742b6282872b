"""One stream from chips to messages: every frame told once, over any number of connections."""

import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_encoder.session.settings import StreamSettings, make_stream, report_interval_ms
from narrowcast_encoder.session.stream import Stream
from narrowcast_shared.codec import ChipDecoder
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.link import LinkSettings, constant, parse_schedule
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.cost import wire_bytes
from narrowcast_shared.wire.messages import Data, FrameKind, Report
from narrowcast_shared.wire.serial import parse

FRAME_US = 40_000


def chip(index: int) -> NDArray[np.uint8]:
    """A blob that drifts: enough change for P frames of a few bytes."""
    y, x = np.mgrid[0:96, 0:96]
    blob = 128 + 100 * np.exp(-((x - 48 - index % 7) ** 2 + (y - 48) ** 2) / 400)
    return blob.astype(np.uint8)


class Line:
    """Drives a stream frame by frame under a fake clock and keeps what it sent."""

    def __init__(self, stream: Stream, *, wanted_seq: int = 0, backfill: bool = False) -> None:
        self.stream = stream
        self.now_us = 0
        self.sent: list[tuple[int, Data]] = []
        self.wire: list[tuple[int, int]] = []
        self._acknowledged = 0
        stream.connected(wanted_seq, backfill=backfill)

    def play(self, frames: int, *, face: bool = True) -> None:
        for i in range(frames):
            self.stream.frame(chip(i) if face else None, self.now_us, self.now_us)
            for at_us in range(self.now_us, self.now_us + FRAME_US, 5_000):
                self._collect(at_us)
            self.now_us += FRAME_US

    def finish(self) -> None:
        self.stream.flush(self.now_us)
        while (at_us := self.stream.next_event_us) is not None:
            self._collect(at_us)

    def acknowledge(self) -> None:
        """Where there is news, as a decoder does."""
        if len(self.sent) > self._acknowledged:
            self._acknowledged = len(self.sent)
            report = Report(0, 0, self._acknowledged, 0, 0, 0, 0)
            self.stream.reported(report, self.now_us, self.now_us)

    def _collect(self, at_us: int) -> None:
        for message in self.stream.outgoing(at_us, at_us):
            data = parse(message)
            assert isinstance(data, Data)
            self.sent.append((at_us, data))
            self.wire.append((at_us, wire_bytes(len(message))))

    def frames(self) -> list[tuple[int, FrameKind]]:
        return [(d.first_seq + i, f.kind) for _, d in self.sent for i, f in enumerate(d.frames)]


def test_every_frame_is_told_once_in_order_with_its_kind() -> None:
    line = Line(make_stream(StreamSettings(px=32, qp=30), 0))
    line.play(5)
    line.play(7, face=False)
    line.play(5)
    line.finish()
    seqs, kinds = zip(*line.frames(), strict=True)
    assert list(seqs) == list(range(17))
    assert kinds[0] is FrameKind.KEYFRAME
    assert kinds[5:12] == (FrameKind.NO_FACE,) * 7
    assert set(kinds[1:5] + kinds[12:]) == {FrameKind.DELTA}


def test_the_decoder_gets_the_chips_back() -> None:
    line = Line(make_stream(StreamSettings(px=96, qp=10), 0))
    line.play(6)
    decoder = ChipDecoder(96)
    for index, (_, data) in enumerate(line.sent):
        decoded = decoder.decode(data.frames[-1].nals)
        assert np.abs(decoded.astype(int) - chip(index)).max() <= 12


def test_thinned_frames_are_told_as_skipped() -> None:
    line = Line(make_stream(StreamSettings(px=32, qp=30, fps=5), 0))
    line.play(50)
    line.finish()
    kinds = [kind for _, kind in line.frames()]
    assert len(kinds) == 50
    assert kinds.count(FrameKind.SKIPPED) == 40


def test_a_new_connection_starts_with_a_keyframe_its_rung_and_the_frames_it_missed_as_a_gap() -> (
    None
):
    line = Line(make_stream(StreamSettings(px=32, qp=30), 0))
    line.play(5)
    line.stream.disconnected()
    line.play(3)
    before = len(line.sent)
    line.stream.connected(wanted_seq=4)
    line.play(2)
    _, first = line.sent[before]
    assert (first.first_seq, first.rung) == (8, Rung(32, 30))
    assert first.frames[0].kind is FrameKind.KEYFRAME


def test_a_session_that_others_have_written_goes_on_where_the_decoder_wants() -> None:
    line = Line(make_stream(StreamSettings(px=32, qp=30), 0), wanted_seq=1000)
    line.play(2)
    assert [d.first_seq for _, d in line.sent] == [1000, 1001]


def test_a_wanted_keyframe_is_the_next_access_unit() -> None:
    line = Line(make_stream(StreamSettings(px=32, qp=30), 0))
    line.play(4)
    line.stream.want_keyframe()
    line.play(2)
    assert [kind for _, kind in line.frames()][4:] == [FrameKind.KEYFRAME, FrameKind.DELTA]


def test_without_acknowledgements_frames_are_skipped_until_they_come() -> None:
    line = Line(make_stream(StreamSettings(px=32, qp=30), 0))
    line.play(80)
    kinds = [kind for _, kind in line.frames()]
    assert kinds[-20:] == [FrameKind.SKIPPED] * 20
    line.acknowledge()
    line.play(2)
    assert line.frames()[-1][1] is FrameKind.DELTA


def test_a_clock_set_back_does_not_make_times_run_backwards() -> None:
    stream = make_stream(StreamSettings(px=32, qp=30), 5_000_000)
    stream.connected(0)
    for captured_us in (6_000_000, 6_040_000, 2_000_000, 6_080_000):
        stream.frame(chip(0), captured_us, captured_us)
    ticks = [parse(m).frames[0].ticks for m in stream.outgoing(7_000_000, 0)]  # type: ignore[union-attr]
    assert ticks == [10_000, 10_400, 10_400, 10_800]


@pytest.mark.parametrize("cap_bps", [2_000, 4_000, 8_000, 16_000, 32_000])
@pytest.mark.parametrize("pinned", [False, True])
def test_no_window_of_five_seconds_is_over_the_cap(cap_bps: int, pinned: bool) -> None:
    rung = (32, 30) if pinned else (None, None)
    line = Line(make_stream(StreamSettings(*rung, link=LinkSettings(constant(cap_bps))), 0))
    for _ in range(20):
        line.play(25)
        line.acknowledge()
    for start, _ in line.wire:
        inside = sum(size for at, size in line.wire if start <= at < start + 5_000_000)
        assert 8 * inside <= 5 * cap_bps
    seqs = [seq for seq, _ in line.frames()]
    assert seqs == list(range(len(seqs)))
    assert len(seqs) >= 450


def test_reports_are_rarer_where_the_cap_would_pay_for_their_acknowledgements() -> None:
    capped = StreamSettings(link=LinkSettings(constant(8_000)))
    assert report_interval_ms(capped) > report_interval_ms(StreamSettings())


@pytest.mark.parametrize(
    "wrong",
    [StreamSettings(px=2), StreamSettings(qp=60), StreamSettings(px=8, fps=1000.0)],
)
def test_impossible_settings_are_named(wrong: StreamSettings) -> None:
    with pytest.raises(SettingsError, match=r"px|qp|fps"):
        make_stream(wrong, 0)


@pytest.mark.parametrize("fps", [-1.0, 0.0, 1000.0])
@pytest.mark.parametrize("cap_bps", [None, 8_000])
def test_a_frame_rate_out_of_range_is_named_whoever_controls(
    fps: float, cap_bps: int | None
) -> None:
    link = LinkSettings(None if cap_bps is None else constant(cap_bps))
    with pytest.raises(SettingsError, match="fps"):
        make_stream(StreamSettings(fps=fps, link=link), 0)


def test_a_cap_that_the_fewest_frames_fit_is_enough() -> None:
    """One frame every two seconds costs far less than two a second."""
    make_stream(StreamSettings(fps=0.5, link=LinkSettings(constant(500))), 0)


def test_an_outage_of_the_line_skips_frames_and_tells_every_one() -> None:
    link = LinkSettings(parse_schedule("16k,4s:0,12s:16k"))
    line = Line(make_stream(StreamSettings(32, 36, link=link), 0))
    for _ in range(20):
        line.play(25)
        line.acknowledge()
    line.finish()
    seqs, kinds = zip(*line.frames(), strict=True)
    assert seqs == tuple(range(500))
    assert not [at_us for at_us, _ in line.sent if 4_000_000 < at_us < 12_000_000]
    assert FrameKind.DELTA in kinds[:100]
    assert set(kinds[110:285]) == {FrameKind.SKIPPED}
    assert FrameKind.DELTA in kinds[425:]


def frames_by_lateness(line: Line) -> tuple[list[int], list[int]]:
    """Sequence numbers of live messages, and of late ones, as they were sent."""
    live: list[int] = []
    late: list[int] = []
    for _, data in line.sent:
        seqs = range(data.first_seq, data.first_seq + len(data.frames))
        (late if data.late else live).extend(seqs)
    return live, late


@pytest.mark.parametrize("pinned", [False, True])
def test_after_an_outage_live_frames_come_first_and_then_those_held(pinned: bool) -> None:
    link = LinkSettings(parse_schedule("16k,4s:0,12s:16k"))
    rung = (32, 36) if pinned else (None, None)
    line = Line(make_stream(StreamSettings(*rung, link=link), 0), backfill=True)
    for _ in range(150):
        line.play(5)
        line.acknowledge()
    line.finish()
    assert not [at_us for at_us, _ in line.sent if 4_000_000 < at_us < 12_000_000]
    back = [(at_us, data) for at_us, data in line.sent if at_us >= 12_000_000]
    fresh = [at_us for at_us, data in back if at_us - 100 * data.frames[-1].ticks < 400_000]
    assert fresh[0] < 12_600_000
    first_late = next(at_us for at_us, data in back if data.late)
    assert fresh[0] + 2_500_000 < first_late < 16_500_000
    live, late = frames_by_lateness(line)
    assert live == sorted(live)
    assert late == sorted(late)
    assert sorted(live + late) == list(range(750))
    assert len(late) > 6 * 25, "an outage is noticed within two seconds"
    coded = [f for _, data in line.sent if data.late for f in data.frames if f.nals]
    assert len(coded) == pytest.approx(2 * len(late) / 25, abs=2)
    assert line.stream.counts.backfilled == len(coded)


def test_frames_of_a_broken_connection_and_of_the_time_without_one_are_told_late() -> None:
    line = Line(make_stream(StreamSettings(px=32, qp=30), 0), backfill=True)
    line.play(50)
    assert line.stream.owed_from == 0
    line.stream.disconnected()
    line.play(50, face=False)
    line.play(50)
    before = len(line.sent)
    line.stream.connected(30, backfill=True)
    assert line.stream.owed_from == 30
    line.play(25)
    assert all(not data.late for _, data in line.sent[before:]), "nothing was heard yet"
    line.stream.reported(Report(200, 200, 50, 0, 0, 0, 0), line.now_us, line.now_us)
    for count in range(60, 200, 10):
        line.play(10)
        report = Report(200, 200, 50 + count, 0, 0, 0, 0)
        line.stream.reported(report, line.now_us, line.now_us)
    late = [data for _, data in line.sent[before:] if data.late]
    told = {d.first_seq + i: f for d in late for i, f in enumerate(d.frames)}
    assert sorted(told) == list(range(30, 150))
    assert {told[seq].kind for seq in range(50, 100)} == {FrameKind.NO_FACE}
    assert any(told[seq].nals for seq in range(30, 50))
    assert any(told[seq].nals for seq in range(100, 150))
    assert all(f.ticks == 400 * seq for seq, f in told.items())
    assert line.stream.is_told


def test_a_session_taken_over_from_others_owes_nothing_of_theirs() -> None:
    stream = make_stream(StreamSettings(px=32, qp=30), 0)
    assert stream.owed_from is None
    stream.connected(1000, backfill=True)
    assert stream.owed_from == 1000


def test_a_source_that_ends_in_an_outage_is_told_to_its_end() -> None:
    line = Line(make_stream(StreamSettings(px=32, qp=30), 0), backfill=True)
    line.play(20)
    line.stream.disconnected()
    line.play(30)
    line.stream.connected(20, backfill=True)
    before = len(line.sent)
    line.stream.flush(line.now_us)
    line._collect(line.now_us)
    while not line.stream.is_told:
        at_us = line.stream.next_event_us
        line.now_us = line.now_us + 100_000 if at_us is None else at_us
        line._collect(line.now_us)
        messages = len(line.sent) - before
        line.stream.reported(Report(0, 0, messages, 0, 0, 0, 0), line.now_us, line.now_us)
    late = [data for _, data in line.sent[before:]]
    assert [d.first_seq + i for d in late for i in range(len(d.frames))] == list(range(20, 50))


def test_a_line_that_stays_down_is_not_waited_for() -> None:
    link = LinkSettings(parse_schedule("16k,1s:0"))
    line = Line(make_stream(StreamSettings(32, 36, link=link), 0), backfill=True)
    for _ in range(100):
        line.play(5)
        line.acknowledge()
    line.finish()
    assert line.stream.is_told
    assert line.stream.next_seq == 500


def test_the_steps_of_a_cap_count_from_when_the_stream_begins() -> None:
    link = LinkSettings(parse_schedule("64k,1s:0,2s:64k"), 5_000)
    stream = make_stream(StreamSettings(32, 30, link=link), 0)
    stream.connected(0)
    stream.begin(70_000_000)
    for now_us in range(71_000_000, 71_240_000, 40_000):
        stream.frame(chip(0), now_us, now_us)
    due_us = stream.next_event_us
    assert due_us is not None
    stream.flush(71_240_000)
    assert not stream.outgoing(72_005_000, 0)
    assert stream.outgoing(73_000_000, 0)


def test_a_pinned_message_holds_as_many_frames_as_were_asked_for() -> None:
    line = Line(make_stream(StreamSettings(px=32, qp=36, frames_per_message=5), 0))
    line.play(60)
    assert [len(data.frames) for _, data in line.sent[1:]] == [5] * (len(line.sent) - 1)
    assert len(line.sent) >= 11

"""Frames into messages: k coded ones at a time, runs in between, nothing lost or reordered."""

from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.session.packer import Packer
from narrowcast_encoder.session.rungs import CodedChip
from narrowcast_shared.codec import AccessUnit
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.messages import Data, FrameKind
from narrowcast_shared.wire.serial import serialise

RUNG = Rung(32, 30)


def coded(epoch: int = 0, *, new: bool = False, keyframe: bool = False) -> CodedChip:
    return CodedChip(AccessUnit((b"\x41xyz",), keyframe), epoch, RUNG, new)


def test_k_coded_frames_make_a_message_and_the_first_tells_the_rung() -> None:
    packer = Packer(7)
    assert packer.add_coded(0, coded(new=True, keyframe=True), 2, 25, 0) == []
    (first,) = packer.add_coded(400, coded(), 2, 25, 40_000)
    assert (first.first_seq, len(first.frames), first.rung) == (7, 2, RUNG)
    assert [f.kind for f in first.frames] == [FrameKind.KEYFRAME, FrameKind.DELTA]
    packer.add_coded(800, coded(), 2, 25, 80_000)
    (second,) = packer.add_coded(1200, coded(), 2, 25, 120_000)
    assert (second.first_seq, second.rung) == (9, None)


def test_uncoded_frames_wait_for_company_and_no_longer() -> None:
    packer = Packer(0, quiet_us=200_000)
    out: list[Data] = []
    for i in range(6):
        out += packer.add_uncoded(FrameKind.NO_FACE, 400 * i, 40_000 * i)
    assert [len(d.frames) for d in out] == [5]
    assert packer.due_us == 200_000 + 200_000
    assert packer.poll(399_999) == []
    assert [len(d.frames) for d in packer.poll(400_000)] == [1]


def test_a_coded_frame_takes_the_waiting_ones_along() -> None:
    packer = Packer(0)
    packer.add_uncoded(FrameKind.SKIPPED, 0, 0)
    packer.add_uncoded(FrameKind.SKIPPED, 400, 40_000)
    (data,) = packer.add_coded(800, coded(new=True), 1, 25, 80_000)
    assert [f.kind for f in data.frames] == [FrameKind.SKIPPED, FrameKind.SKIPPED, FrameKind.DELTA]


def test_a_new_epoch_closes_the_message_before_it() -> None:
    packer = Packer(0)
    packer.add_coded(0, coded(0, new=True), 5, 25, 0)
    (closed,) = packer.add_coded(400, coded(1, new=True), 5, 25, 40_000)
    assert (closed.epoch, len(closed.frames)) == (0, 1)
    (rest,) = packer.flush()
    assert (rest.epoch, rest.first_seq, rest.rung) == (1, 1, RUNG)


def test_a_stalled_source_does_not_hold_coded_frames_back() -> None:
    packer = Packer(0)
    packer.add_coded(0, coded(new=True), 5, 25, 0)
    assert packer.due_us == 300_000
    assert len(packer.poll(300_000)) == 1


def test_a_message_is_closed_before_it_grows_over_the_limit() -> None:
    packer, large = (
        Packer(0, max_bytes=8192),
        CodedChip(AccessUnit((bytes(900),), False), 0, RUNG, False),
    )
    out = [data for i in range(20) for data in packer.add_coded(i, large, 64, 25, i)]
    assert [len(data.frames) for data in out] == [4] * 4
    assert all(len(serialise(data)) <= 8192 for data in out)


def test_a_frame_that_is_passed_over_closes_the_message_and_keeps_its_number() -> None:
    packer = Packer(7)
    packer.add_uncoded(FrameKind.NO_FACE, 0, 0)
    seq, (closed,) = packer.pass_over()
    assert (seq, closed.first_seq, len(closed.frames)) == (8, 7, 1)
    assert packer.pass_over() == (9, [])
    packer.add_uncoded(FrameKind.NO_FACE, 1200, 0)
    (after,) = packer.flush()
    assert after.first_seq == 10


kinds = st.lists(st.sampled_from(["coded", "no_face", "skipped", "rung"]), max_size=80)


@given(kinds, st.integers(1, 8), st.integers(0, 1000))
def test_every_frame_leaves_once_in_order(plan: list[str], k: int, first_seq: int) -> None:
    packer, epoch, new, out = Packer(first_seq), 0, True, []
    for i, what in enumerate(plan):
        if what == "rung":
            epoch, new = epoch + 1, True
        if what in ("coded", "rung"):
            out += packer.add_coded(i, coded(epoch, new=new), k, 25, i * 40_000)
            new = False
        else:
            kind = FrameKind.NO_FACE if what == "no_face" else FrameKind.SKIPPED
            out += packer.add_uncoded(kind, i, i * 40_000)
    out += packer.flush()
    assert [frame.ticks for data in out for frame in data.frames] == list(range(len(plan)))
    starts = [data.first_seq for data in out]
    lengths = [len(data.frames) for data in out]
    assert starts == [first_seq + sum(lengths[:i]) for i in range(len(out))]
    assert packer.captured == first_seq + len(plan)

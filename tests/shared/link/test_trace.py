"""Mahimahi traces: opportunities of 1,500 B, their holes, their end, and files that are none."""

import os
from pathlib import Path

import pytest

from narrowcast_shared.errors import SettingsError
from narrowcast_shared.link import Link, Trace, read_trace
from narrowcast_shared.link.pacing import LINE_PERCENT, Pacer
from narrowcast_shared.wire.cost import wire_bytes

MS = 1000  # in us
PACKET = 12_000 * 1_000_000  # in ubit


def test_each_line_is_a_packet_and_the_end_is_the_beginning() -> None:
    trace = Trace("t", [2, 2, 5, 10])
    assert [trace.total(at * MS) // PACKET for at in range(16)] == [
        0, 0, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 6, 6, 6, 7,
    ]  # fmt: skip
    assert [trace.when(n * PACKET) // MS for n in range(1, 9)] == [2, 2, 5, 10, 12, 12, 15, 20]
    assert trace.when(3 * PACKET + 1) == 10 * MS
    assert trace.mean_bps == 4 * 12_000 / 0.010


def test_scale_changes_what_is_carried_and_not_when() -> None:
    trace = Trace("t", [2, 2, 5, 10], 0.5)
    assert trace.total(10 * MS) == 2 * PACKET
    assert trace.when(2 * PACKET) == 10 * MS
    assert trace.mean_bps == 2 * 12_000 / 0.010
    assert str(trace) == "t x 0.5"


def test_a_message_larger_than_an_opportunity_goes_on_at_the_next() -> None:
    """At 1,500 B x 0.1 a message of 400 B, 97 % of the line, takes three opportunities."""
    pacer = Pacer(Trace("t", list(range(100, 2100, 100)), 0.1))
    assert pacer.book(400, 0) == 300 * MS
    assert pacer.book(36, 250 * MS) == 300 * MS, "the rest of the third opportunity"
    assert pacer.book(140, 310 * MS) == 400 * MS
    assert pacer.book(140, 450 * MS) == 500 * MS, "an opportunity that nobody used is lost"
    assert LINE_PERCENT == 97


def test_nothing_leaves_in_a_hole_and_its_end_is_found_at_once() -> None:
    """A hole of 78 s between two busy seconds."""
    trace = Trace("t", [*range(10, 1000, 10), *range(79_000, 80_000, 10)], 0.05)
    link = Link(trace)
    for at_us in range(0, 2_000_000, 40_000):
        link.offer(bytes(100), at_us)
    left = [departure.at_us for departure in link.release(10**12)]
    assert not [at for at in left if 1_000_000 <= at < 79_000_000]
    assert [at for at in left if at < 1_000_000]
    assert [at for at in left if at >= 79_000_000]
    assert link.backlog_us(2_000_000) > 76_000_000


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b"0\n0\n", "ends at 0 ms"),
        (b"1\n\n3\n", "'' in line 2 is no time"),
        (b"1\n2 3\n", "'2 3' in line 2"),
        (b"1\n-2\n", "'-2' in line 2"),
        (b"1.5\n", "'1.5' in line 1"),
        (b"9\n10\n7\n", "in line 3, 7 ms comes after 10 ms"),
        (b"1\n" + b"9" * 5000, "in line 2 is no time"),
        (b"\x00\x00\x01\xba\x9f", "is no t"),
        (b"5\n\xff", "is no text"),
    ],
)
def test_a_file_that_is_no_trace_says_why(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "line.up"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        read_trace(path)
    assert complaint in caught.value.problem
    assert "a trace has one time in ms a line" in caught.value.remedy


def test_a_trace_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.up cannot be read \(No such file"):
        read_trace(tmp_path / "none.up")


def test_a_scale_that_leaves_nothing() -> None:
    with pytest.raises(SettingsError, match="carries nothing"):
        Trace("t", [1], 1e-15)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "mean_bps", "hole_us"),
    [
        ("ATT-LTE-driving", 833_635, (787_595_000, 865_914_000)),
        ("TMobile-UMTS-driving", 943_227, (52_575_000, 58_405_000)),
        ("Verizon-EVDO-driving", 842_679, (760_912_000, 772_110_000)),
    ],
)
def test_the_recorded_lines(name: str, mean_bps: int, hole_us: tuple[int, int]) -> None:
    data = os.environ.get("NARROWCAST_DATA")
    if not data:
        pytest.skip("NARROWCAST_DATA does not say where the traces are")
    trace = read_trace(Path(data) / "traces" / f"{name}.up", 12_000 / mean_bps)
    assert trace.mean_bps == pytest.approx(12_000, rel=1e-4)
    start_us, end_us = hole_us
    before = trace.total(start_us)
    assert trace.total(end_us - 1) == before
    assert trace.when(before + 1) == end_us
    link = Link(trace)
    link.offer(bytes(100), start_us + 1)
    size = 8_000_000 * wire_bytes(100)
    assert link.next_release_us == trace.when(before - (-100 * size // LINE_PERCENT)) >= end_us

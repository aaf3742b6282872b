"""The best operating point that fits: against a search through everything."""

from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.control import choice
from narrowcast_encoder.control.choice import Means
from narrowcast_encoder.control.table import Row
from narrowcast_shared.operating_point import MAX_FRAMES_PER_MESSAGE, Rung

ROWS = (
    Row(Rung(16, 40), 2, 0.60, 9, 70),
    Row(Rung(32, 40), 5, 0.80, 12, 134),
    Row(Rung(32, 36), 12.5, 0.90, 12, 180),
    Row(Rung(48, 36), 25, 0.97, 18, 200),
    Row(Rung(96, 30), 25, 1.00, 90, 850),
)


def means(kbps: float, latency_ms: float = 300, cost: float = 1.0) -> Means:
    bps, latency_us = 1000 * kbps, 1000 * latency_ms
    return Means(0.9 * bps, bps, latency_us, 2 * latency_us, 25, cost)


def wire_bps(row: Row, k: int, given_: Means) -> float:
    fps = min(row.fps, given_.fps)
    entry = choice.entry_bytes(row, given_)
    head = choice.MESSAGE_BYTES + (choice.LONG_BYTES if k * entry > 113 else 0)
    return 8 * fps * (head / k + entry)


def late_us(row: Row, k: int, given_: Means) -> float:
    fps = min(row.fps, given_.fps)
    entry = choice.entry_bytes(row, given_)
    return 1e6 * (k - 1) / fps + choice.message_us(k, entry, given_.line_bps)


def test_more_line_never_reads_worse() -> None:
    kept = [choice.best(ROWS, means(kbps)).row.kept for kbps in range(2, 60)]
    assert kept == sorted(kept)
    assert kept[0] < 0.9
    assert kept[-1] == 1.0


def test_a_face_that_costs_more_is_sent_smaller() -> None:
    cheap = choice.best(ROWS, means(8, cost=1.0))
    dear = choice.best(ROWS, means(8, cost=8.0))
    assert dear.row.kept < cheap.row.kept


def test_more_latency_buys_frames_per_message() -> None:
    short = choice.best(ROWS, means(5, 200))
    long = choice.best(ROWS, means(5, 900))
    assert long.row.kept > short.row.kept
    assert long.point.frames_per_message > short.point.frames_per_message


def test_better_late_than_unreadable() -> None:
    rows = (Row(Rung(16, 48), 2, 0.30, 5, 40), Row(Rung(32, 40), 2, 0.85, 20, 126))
    hasty = means(2, 340)
    assert choice.fit(rows[1], hasty) is None
    assert choice.best(rows, hasty).row == rows[1]
    nearly = (rows[0]._replace(kept=0.80), rows[1])
    assert choice.best(nearly, hasty).row == nearly[0]


def test_what_fits_nothing_gets_what_costs_least() -> None:
    found = choice.best(ROWS, means(0.3))
    assert found.row == ROWS[0]
    assert found.point.frames_per_message >= 1


def test_a_picture_that_would_come_too_late_is_no_choice() -> None:
    wide = Means(100_000, 6_000, 500_000, 300_000, 25)
    assert choice.fit(ROWS[4], wide) is None  # its keyframe alone takes more than a second
    assert choice.fit(ROWS[4], wide._replace(cut_us=2_000_000, line_bps=60_000)) is not None


@given(
    kbps=st.floats(1, 80),
    latency_ms=st.floats(100, 3000),
    cost=st.floats(0.2, 6),
    row=st.sampled_from(ROWS),
)
def test_what_fits_keeps_within_the_means_with_the_fewest_frames(
    kbps: float, latency_ms: float, cost: float, row: Row
) -> None:
    given_ = means(kbps, latency_ms, cost)
    found = choice.fit(row, given_)
    fitting = [
        k
        for k in range(1, MAX_FRAMES_PER_MESSAGE + 1)
        if wire_bps(row, k, given_) <= given_.wire_bps
        and late_us(row, k, given_) <= 1e3 * latency_ms
    ]
    if found is None:
        cut_us = choice.message_us(1, row.keyframe_bytes, given_.line_bps)
        # Near the edge the closed form is the stricter one: it bills the longer header at once.
        assert len(fitting) <= 2 or cut_us > given_.cut_us
        return
    k = found.point.frames_per_message
    assert k <= min(fitting) + 2
    assert row.fps - 1e-9 <= found.point.fps <= 25 or row.fps > 25
    at_fps = row._replace(fps=found.point.fps)
    assert wire_bps(at_fps, k, given_) <= 1.03 * given_.wire_bps
    assert late_us(row, k, given_) <= 1e3 * latency_ms + 1


def test_the_least_of_a_table() -> None:
    assert 8 * 2 * 70 < choice.least_bps(ROWS, 25) < 8 * 2 * 90

"""Which rows are worth having, and which operating point a line carries in time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.control.table import TableJson
from narrowcast_lab.rd import pareto, report
from narrowcast_lab.rd.frontier import MAX_BUNDLE, allowed_delay_s, frontier
from narrowcast_lab.rd.measure import Measured
from narrowcast_lab.rd.row import Row, wire_bps
from narrowcast_shared.wire.cost import wire_bytes
from narrowcast_shared.wire.data import serialise_data
from narrowcast_shared.wire.messages import Data, Frame, FrameKind


def _row(fps: float, p_bytes: float, ccc: float, psnr_db: float = 30.0, px: int = 24) -> Row:
    return Row(
        px=px,
        qp=36,
        fps=fps,
        ccc=ccc,
        ccc_kept=ccc / 0.8,
        fidelity=ccc / 0.8,
        kept=ccc / 0.8,
        rmse=0.3,
        psnr_db=psnr_db,
        p_frame_bytes=p_bytes,
        p_frame_bytes_p95=2 * p_bytes,
        keyframe_bytes=10 * p_bytes,
        wire_bps={5: wire_bps(fps, 5, p_bytes)},
    )


ROWS = st.lists(
    st.builds(
        _row,
        st.sampled_from([25.0, 12.5, 2.0]),
        st.integers(4, 60).map(float),
        st.integers(0, 400).map(lambda thousandths: thousandths / 500),
        st.integers(100, 400).map(lambda tenths: tenths / 10),
    ),
    min_size=1,
    max_size=30,
)


@given(rows=ROWS)
def test_rows_that_are_kept_win_and_those_that_are_not_do_not(rows: list[Row]) -> None:
    kept = pareto.by_kept(rows)
    for cheap, dear in pairwise(kept):
        if cheap.fps == dear.fps:
            assert cheap.p_frame_bytes < dear.p_frame_bytes
            assert dear.kept >= cheap.kept + pareto.LEAST_KEPT
        else:
            assert cheap.fps < dear.fps
    for row in rows:
        rivals = [k for k in kept if k.fps == row.fps and k.p_frame_bytes <= row.p_frame_bytes]
        assert max(rival.kept for rival in rivals) > row.kept - pareto.LEAST_KEPT


@given(rows=ROWS)
def test_the_cheapest_row_of_every_rate_stays(rows: list[Row]) -> None:
    for kept in (pareto.by_kept(rows), pareto.by_psnr(rows)):
        for fps in {row.fps for row in rows}:
            cheapest = min(row.p_frame_bytes for row in rows if row.fps == fps)
            assert min(row.p_frame_bytes for row in kept if row.fps == fps) == cheapest


def test_rates_do_not_beat_each_other_and_noise_does_not_win() -> None:
    cheap, noise, better = _row(25, 10, 0.7), _row(25, 11, 0.7012), _row(25, 12, 0.702)
    slow = _row(5, 40, 0.5)
    assert pareto.by_kept([better, slow, noise, cheap]) == [slow, cheap, better]


def test_the_picture_has_winners_of_its_own() -> None:
    plain, pretty = _row(25, 10, 0.7, psnr_db=28), _row(25, 12, 0.6, psnr_db=33)
    assert pareto.by_kept([plain, pretty]) == [plain]
    assert pareto.by_psnr([plain, pretty]) == [plain, pretty]


@given(rows=ROWS, line_bps=st.integers(500, 40_000).map(float))
def test_no_point_that_fits_is_better_than_the_frontier(rows: list[Row], line_bps: float) -> None:
    fitting = []
    for row in rows:
        for k in range(1, MAX_BUNDLE + 1):
            needed_bps = wire_bps(row.fps, k, row.p_frame_bytes)
            sending_s = needed_bps / (row.fps / k) / line_bps
            in_time = (k - 1) / row.fps + sending_s <= allowed_delay_s(line_bps)
            if needed_bps <= line_bps and in_time:
                fitting.append((row.kept, -needed_bps))
    found = frontier(rows, [line_bps])
    assert [(best.point.row.kept, -best.point.wire_bps) for best in found] == (
        [max(fitting)] if fitting else []
    )


def test_the_delay_that_is_allowed() -> None:
    assert allowed_delay_s(32_000) == 0.3
    assert allowed_delay_s(2000) == 1.2


@pytest.mark.parametrize(("fps", "k", "size"), [(25.0, 1, 12), (25.0, 5, 40), (5.0, 4, 20)])
def test_the_wire_rate_is_that_of_a_message_as_it_is_written(fps: float, k: int, size: int) -> None:
    """Ten minutes into a session, frames between the coded ones told as skipped."""
    coded = Frame(0, FrameKind.DELTA, (b"\x41" * size,))
    left_out = [Frame(0, FrameKind.SKIPPED, ())] * (round(25 / fps) - 1)
    frames = [frame for _ in range(k) for frame in (coded, *left_out)]
    timed = tuple(f._replace(ticks=6_000_000 + 400 * i) for i, f in enumerate(frames))
    message = serialise_data(Data(3, 15_000, timed, None))
    real_bps = 8 * wire_bytes(len(message)) * fps / k
    assert wire_bps(fps, k, size) == pytest.approx(real_bps, rel=0.03)


def _measured() -> Measured:
    return Measured(0.8, [_row(25, 12, 0.6, 33, px=48), _row(25, 10, 0.7, 28), _row(5, 9, 0.5)])


SOURCE = {
    "model": "oa",
    "weights_sha256": "0" * 64,
    "git_revision": "abc",
    "command": "narrowcast rd",
    "reels": {},
}


def test_the_encoder_gets_winners_and_the_json_everything() -> None:
    shipped = report.shipped(_measured(), SOURCE)
    assert [(row["fps"], row["p_frame_bytes"]) for row in shipped["rows"]] == [(5, 9), (25, 10)]
    assert list(shipped["rows"][0]) == [
        "px", "qp", "fps", "kept", "psnr_db", "p_frame_bytes", "keyframe_bytes",
    ]  # fmt: skip
    full = report.full(_measured(), SOURCE)
    assert [len(full[name]) for name in ("rows", "kept_rows", "psnr_rows")] == [3, 2, 3]
    assert TableJson(**full).ccc_uncoded == 0.8


def test_the_chart_has_the_best_and_every_size_at_the_highest_rate() -> None:
    drawn = report.chart(_measured(), "a title")
    assert [drawn.count(f">{name}<") for name in ("best of all", "a title")] == [1, 1]
    for px in (48, 24):
        assert f">{px} px, 25 fps, 5 a message<" in drawn
    # 10 MB a frame: no line is fast enough, and the chart is drawn without a best.
    alone = report.chart(Measured(0.8, [_row(15, 1e7, 0.7)]), "a title")
    assert ">24 px, 15 fps, 5 a message<" in alone
    assert "best of all" not in alone

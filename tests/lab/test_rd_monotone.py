"""More bits never read worse: the nearest figures of which that is true."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_lab.rd.monotone import rising, smoothed
from narrowcast_lab.rd.row import Row


def row(px: int, qp: int, fps: float, ccc: float) -> Row:
    return Row(
        px=px, qp=qp, fps=fps, ccc=ccc, ccc_kept=ccc, fidelity=ccc, kept=ccc,
        rmse=0.3, psnr_db=30, p_frame_bytes=10, p_frame_bytes_p95=20, keyframe_bytes=100,
        wire_bps={},
    )  # fmt: skip


def test_neighbours_out_of_order_become_their_mean() -> None:
    np.testing.assert_allclose(
        rising(np.array([1.0, 3.0, 2.0, 4.0, 0.0])), [1, 2.25, 2.25, 2.25, 2.25]
    )


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20))
def test_what_rises_is_nearest_of_all_that_rise(values: list[float]) -> None:
    given_ = np.array(values)
    fit = rising(given_)
    assert (np.diff(fit) >= -1e-12).all()
    assert abs(fit.mean() - given_.mean()) < 1e-9
    # The residual of a projection onto a convex cone is orthogonal to it, and points out of it.
    assert abs(((given_ - fit) * fit).sum()) < 1e-9


def test_a_lucky_coarse_rung_loses_its_luck() -> None:
    rows = [row(48, 36, 25, 0.70), row(48, 40, 25, 0.72), row(48, 44, 25, 0.60)]
    assert [fit.kept for fit in smoothed(rows)] == [0.71, 0.71, 0.60]
    assert [fit.ccc for fit in smoothed(rows)] == [0.70, 0.72, 0.60]


def test_all_three_orders_hold_and_what_is_in_order_stays() -> None:
    random = np.random.default_rng(1)
    rows = [
        row(px, qp, fps, round(float(0.2 + px / 100 - qp / 100 + fps / 50 + noise), 4))
        for px in (8, 16, 32)
        for qp in (24, 36, 48)
        for fps in (2.0, 8.0, 25.0)
        if (noise := random.normal(0, 0.1)) is not None
    ]
    fit = {(r.px, r.qp, r.fps): r.kept for r in smoothed(rows)}
    for (px, qp, fps), ccc in fit.items():
        assert fit.get((px, qp - 12, fps), 9) >= ccc - 2e-4
        assert fit.get((2 * px, qp, fps), 9) >= ccc - 2e-4
        assert fit.get((px, qp, 2 * fps), 9) >= ccc - 2e-4
    again = smoothed([r.model_copy(update={"kept": fit[r.px, r.qp, r.fps]}) for r in rows])
    assert max(abs(r.kept - fit[r.px, r.qp, r.fps]) for r in again) < 5e-4
    assert smoothed([]) == []

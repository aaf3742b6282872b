"""Wire rate, cap, latency and rungs, by hand."""

import pytest

from narrowcast_client.report.link import link_quality
from narrowcast_client.report.timeline import timeline

from .made import Frame, series


def test_rates_are_over_time() -> None:
    """8 kbit/s for a second at ten frames, then 2 kbit/s for a second of one frame."""
    quick = [Frame(at / 10, 0.1, wire_bps=8000, cap_bps=6000) for at in range(10)]
    made = series(
        [*quick, Frame(1, 0.1, wire_bps=2000, cap_bps=6000), Frame(2, ".", wire_bps=None)]
    )
    link = link_quality(made, timeline(made))
    assert link.wire is not None
    assert link.wire.mean_bps == pytest.approx(5000)
    assert link.wire.busiest_bps == 8000
    assert link.cap is not None
    assert (link.cap.lowest_bps, link.cap.highest_bps) == (6000, 6000)
    assert link.cap.over == pytest.approx(0.5)
    assert link.readings_per_s == pytest.approx(11 / 3)


def test_what_is_not_told_is_none() -> None:
    made = series([Frame(0, ".", wire_bps=None), Frame(1, ".", wire_bps=None)])
    link = link_quality(made, timeline(made))
    assert (link.wire, link.cap, link.latency, link.rungs) == (None, None, None, ())
    made = series([Frame(0, 0.1), Frame(0, ".", wire_bps=None)])  # one that stands for no time
    assert link_quality(made, timeline(made)).wire is None


def test_latency_is_of_readings() -> None:
    frames = [Frame(at, 0.1, latency_ms=100.0 + at) for at in range(99)]
    frames += [Frame(99, 0.1, latency_ms=5000), Frame(100, "s", latency_ms=9000)]
    made = series(frames)
    latency = link_quality(made, timeline(made)).latency
    assert latency is not None
    assert latency.median_ms == pytest.approx(149.5)
    assert latency.greatest_ms == 5000
    assert latency.late == pytest.approx(0.01)


def test_rungs_by_the_time_that_their_readings_stood() -> None:
    frames = [
        *(Frame(at / 10, 0.1, px=96, qp=24, sigma=0.1) for at in range(10)),
        *(Frame(1 + at, 0.1, px=16, qp=36, sigma=0.3) for at in range(3)),
        Frame(4, "."),
    ]
    made = series(frames)
    coarse, fine = link_quality(made, timeline(made)).rungs
    assert (coarse.px, coarse.qp, coarse.readings) == (16, 36, 3)
    assert (coarse.share, fine.share) == (pytest.approx(0.75), pytest.approx(0.25))
    assert (coarse.sigma, fine.sigma) == (pytest.approx(0.3), pytest.approx(0.1))

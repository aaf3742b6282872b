"""Thinning out: nothing that matters is lost, and nothing is made up."""

import numpy as np
import pytest

from narrowcast_client.report.panels import panels
from narrowcast_client.report.timeline import SpanState, timeline
from narrowcast_client.report.tracks import LATE, Tracks, thin

from .made import Frame, series, steady


def tracks(frames: list[Frame], most: int) -> Tracks:
    made = series(frames)
    return thin(made, timeline(made), most)


def test_a_short_series_is_drawn_as_it_is_with_breaks_where_nothing_stands() -> None:
    found = tracks([Frame(0, 0.1), Frame(0.5, 0.2), Frame(1, "."), Frame(2, 0.3)], 100)
    assert found.column_s is None
    x, y = found.valence.x_s.tolist(), found.valence.mean.tolist()
    assert x == pytest.approx([0, 0.5, 1, 1, 2, 3, 3])
    assert y == pytest.approx([0.1, 0.2, 0.2, np.nan, 0.3, 0.3, np.nan], nan_ok=True)


def test_a_long_series_keeps_its_peaks() -> None:
    frames = steady(100, 0.0, fps=20)
    frames[777] = frames[777]._replace(valence=0.9)
    frames[1234] = frames[1234]._replace(valence=-0.8, latency_ms=900.0, wire_bps=64_000)
    found = tracks(frames, 50)
    assert found.column_s == pytest.approx(2)
    assert len(found.valence.x_s) == 50
    assert np.nanmax(found.valence.high) == 0.9
    assert np.nanmin(found.valence.low) == -0.8
    assert np.nanmax(np.abs(found.valence.mean)) < 0.05
    assert np.nanmax(found.link.latency_ms) == 900
    assert np.nanmax(found.link.wire_bps) == 64_000
    assert (found.valence.low <= found.valence.mean).all()
    assert (found.valence.mean <= found.valence.high).all()


def test_columns_without_a_face_are_breaks() -> None:
    frames = [*steady(10, 0.5), *(Frame(10 + at / 10, ".") for at in range(100))]
    found = tracks(frames, 40)
    known = np.isfinite(found.valence.mean)
    assert known.tolist() == [True] * 20 + [False] * 20
    assert np.isfinite(found.valence.px).tolist() == known.tolist()


def test_the_strip_says_what_was_known_and_what_came_late() -> None:
    late = [frame._replace(latency_ms=2500.0) for frame in steady(5, 0.1, start_s=5)]
    gone = [Frame(10 + at / 10, "x") for at in range(50)]
    strip = tracks([*steady(5, 0.1), *late, *gone], 150).strip
    assert strip.state.tolist() == [SpanState.READ, LATE, SpanState.LOST]
    assert strip.edges_s.tolist() == pytest.approx([0, 5, 11, 15], abs=0.15)  # held for 1 s


def test_readings_a_second() -> None:
    rate = tracks([*steady(5, 0.1, fps=20), *steady(5, 0.1, fps=2, start_s=5)], 100).rate
    assert rate.per_s.tolist() == [20] * 5 + [2] * 6


def test_panels_that_have_nothing_to_show_are_left_out() -> None:
    with_all = [Frame(0, 0.1, cap_bps=16_000), Frame(1, 0.1, cap_bps=16_000)]
    titles = [panel.title for panel in panels(tracks(with_all, 100))]
    assert titles == [
        "valence",
        "size, px",
        "quantiser QP",
        "estimates per second",
        "bitrate, kbit/s",
        "latency, ms",
    ]
    none = [Frame(0, ".", wire_bps=None), Frame(1, ".", wire_bps=None)]
    assert [panel.title for panel in panels(tracks(none, 100))] == [
        "valence",
        "estimates per second",
    ]


def test_a_cap_far_above_the_rate_does_not_flatten_the_rate() -> None:
    frames = [Frame(0, 0.1, cap_bps=10_000_000), Frame(1, 0.1, cap_bps=16_000)]
    wire = next(panel for panel in panels(tracks(frames, 100)) if panel.title.startswith("bitrate"))
    assert wire.axis.ticks[-1] <= 20
    assert wire.curves[1].y.tolist() == pytest.approx([np.nan, 16.0], nan_ok=True)

"""Frames a second, from their times."""

import pytest

from narrowcast_encoder.control.source_rate import SourceRate


@pytest.mark.parametrize("fps", [5, 15, 30, 60])
def test_the_rate_is_known_within_a_few_seconds(fps: int) -> None:
    rate = SourceRate()
    for index in range(5 * fps + 40):
        rate.seen(round(index * 1_000_000 / fps))
    assert rate.fps == pytest.approx(fps, rel=0.05)


def test_a_pause_and_a_clock_set_back_are_no_intervals() -> None:
    rate = SourceRate()
    for captured_us in (0, 40_000, 9_000_000, 9_040_000, 1_000_000, 1_040_000):
        rate.seen(captured_us)
    assert rate.fps == pytest.approx(25)

"""A pinned operating point."""

from narrowcast_encoder.rate.controller import Decision, Observation
from narrowcast_encoder.rate.pinned import PinnedController
from narrowcast_shared.operating_point import OperatingPoint, Rung


def test_pinned_skips_only_when_the_line_is_behind() -> None:
    point = OperatingPoint(Rung(32, 30), 25, 1)
    controller = PinnedController(point)
    assert controller.decide(Observation(0, 0, 0, 0)) == Decision(point, True)
    assert controller.decide(Observation(1, 40_000, 600_000, 0)) == Decision(point, False)
    assert controller.decide(Observation(2, 80_000, 0, 3_000_000)) == Decision(point, False)
    assert controller.decide(Observation(3, 120_000, 0, 0)) == Decision(point, True)

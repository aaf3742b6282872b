"""Plain stepping on a line: pure, so a simulated clock and a made-up face are all it needs."""

from typing import NamedTuple

import pytest

from narrowcast_encoder.rate.bandwidth import LineView
from narrowcast_encoder.rate.controller import Observation
from narrowcast_lab.link_bench.stepping import LADDER, SteppingController, expected_wire_bps
from narrowcast_shared.operating_point import OperatingPoint


class Driven(NamedTuple):
    """A controller on a line that carries so much."""

    controller: SteppingController
    capacity_bps: float


def stepping(capacity_bps: float) -> Driven:
    return Driven(SteppingController(), capacity_bps)


def run(
    driven: Driven, seconds: float, cost: float = 1.0, start_s: float = 0.0
) -> list[OperatingPoint]:
    """Feed 25 frames a second whose access units cost `cost` times what the ladder expects."""
    points = []
    controller, line = driven.controller, LineView(driven.capacity_bps)
    for i in range(round(seconds * 25)):
        now_us = round((start_s + i / 25) * 1e6)
        decision = controller.decide(Observation(now_us, now_us, 0, 0, line))
        points.append(decision.point)
        if decision.code:
            step = next(s for s in LADDER if s.point.rung == decision.point.rung)
            controller.coded(step.point.rung, round(step.frame_bytes * cost), keyframe=False)
    return points


def wire_bps(point: OperatingPoint, cost: float) -> float:
    step = next(s for s in LADDER if s.point == point)
    return expected_wire_bps(step, 25, cost)


@pytest.mark.parametrize("cap_bps", [2_000, 4_000, 8_000, 16_000, 32_000, 64_000])
@pytest.mark.parametrize("cost", [0.5, 1.0, 2.5])
def test_settles_on_a_point_that_fits_what_the_face_really_costs(cap_bps: int, cost: float) -> None:
    settled = run(stepping(cap_bps), 60, cost)[-1]
    assert wire_bps(settled, cost) <= cap_bps or settled == LADDER[-1].point


@pytest.mark.parametrize("cap_bps", [4_000, 8_000, 16_000, 32_000])
def test_settles_on_the_best_point_that_fits_with_room(cap_bps: int) -> None:
    settled = run(stepping(cap_bps), 60)[-1]
    better = [s.point for s in LADDER[: [s.point for s in LADDER].index(settled)]]
    assert all(wire_bps(point, 1.0) > 0.8 * cap_bps for point in better)


def test_does_not_flap_on_a_steady_face() -> None:
    points = run(stepping(9_000), 120)[25 * 20 :]
    assert len(set(points)) == 1


def test_steps_down_at_once_when_the_face_gets_dear_and_up_only_after_a_hold() -> None:
    driven = stepping(16_000)
    calm = run(driven, 30)[-1]
    dear = run(driven, 5, cost=3.0, start_s=30)[-1]
    assert wire_bps(dear, 1.0) < wire_bps(calm, 1.0)
    first_second = run(driven, 1, cost=1.0, start_s=35)
    assert set(first_second) == {dear}
    assert run(driven, 60, cost=1.0, start_s=36)[-1] == calm


def test_a_line_that_stays_booked_steps_down_and_skips() -> None:
    driven = stepping(16_000)
    before = run(driven, 5)[-1]
    controller, line = driven.controller, LineView(driven.capacity_bps)
    first = controller.decide(Observation(6_000_000, 6_000_000, 450_000, 0, line))
    assert first.point == before, "a cut in the picture is no reason to step"
    decision = controller.decide(Observation(7_600_000, 7_600_000, 450_000, 0, line))
    assert LADDER.index(next(s for s in LADDER if s.point == decision.point)) > LADDER.index(
        next(s for s in LADDER if s.point == before)
    )
    assert not controller.decide(Observation(8_000_000, 8_000_000, 800_000, 0, line)).code


def test_a_keyframe_does_not_count_as_what_the_face_costs() -> None:
    driven = stepping(16_000)
    point = run(driven, 10)[-1]
    for _ in range(20):
        driven.controller.coded(point.rung, 5_000, keyframe=True)
    assert run(driven, 1, start_s=10)[-1] == point


def test_max_fps_bounds_every_step() -> None:
    assert all(p.fps <= 5 for p in run(Driven(SteppingController(max_fps=5), 64_000), 10))


def test_a_line_that_falls_is_followed() -> None:
    driven = stepping(16_000)
    before = run(driven, 10)[-1]
    after = run(driven._replace(capacity_bps=4_000), 1, start_s=10)[-1]
    assert wire_bps(after, 1.0) <= 4_000 < wire_bps(before, 1.0)

"""The operating points that plain stepping climbs, best first.

`frame_bytes` is what a P access unit of a talking face costs at the rung: measured on 2,649
frames of real faces (docs/rate.md); the face at hand corrects it while it is sent.
"""

from typing import NamedTuple

from narrowcast_shared.operating_point import OperatingPoint, Rung
from narrowcast_shared.wire.cost import data_wire_bps


class Step(NamedTuple):
    """One operating point and the access-unit bytes to expect of it."""

    point: OperatingPoint
    frame_bytes: float


LADDER = (
    Step(OperatingPoint(Rung(96, 24), 30, 1), 199),
    Step(OperatingPoint(Rung(96, 30), 30, 2), 90),
    Step(OperatingPoint(Rung(64, 30), 30, 2), 48),
    Step(OperatingPoint(Rung(48, 30), 30, 3), 40),
    Step(OperatingPoint(Rung(48, 36), 25, 5), 18),
    Step(OperatingPoint(Rung(48, 36), 15, 4), 18),
    Step(OperatingPoint(Rung(32, 36), 12.5, 5), 11),
    Step(OperatingPoint(Rung(32, 36), 8, 5), 11),
    Step(OperatingPoint(Rung(32, 36), 5, 4), 11),
    Step(OperatingPoint(Rung(16, 36), 4, 4), 6),
    Step(OperatingPoint(Rung(16, 40), 2, 2), 5),
)


def expected_wire_bps(step: Step, source_fps: float, correction: float) -> float:
    """Wire rate of a step, bit/s, headers counted, for a source of `source_fps`.

    `correction` is how many times the ladder's bytes this face has cost so far.
    """
    fps = min(step.point.fps, source_fps)
    unit_bytes = step.frame_bytes * correction
    return data_wire_bps(fps, step.point.frames_per_message, unit_bytes, run=fps < source_fps)

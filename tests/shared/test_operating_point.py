"""Rungs and operating points: the ranges, and errors that name what is out of them."""

import math

import pytest

from narrowcast_shared.errors import SettingsError
from narrowcast_shared.operating_point import OperatingPoint, Rung, check_point, check_rung


@pytest.mark.parametrize(("px", "qp"), [(4, 0), (4, 51), (96, 0), (96, 51), (32, 30)])
def test_rungs_that_exist(px: int, qp: int) -> None:
    assert check_rung(px, qp) == Rung(px, qp)


@pytest.mark.parametrize(
    ("px", "qp", "named"), [(3, 30, "px"), (97, 30, "px"), (-1, 30, "px"), (32, -1, "qp"),
                            (32, 52, "qp")]
)  # fmt: skip
def test_rungs_that_do_not(px: int, qp: int, named: str) -> None:
    with pytest.raises(SettingsError, match=f"^{named} must be"):
        check_rung(px, qp)


def test_the_factor_is_the_papers() -> None:
    assert [Rung(px, 30).factor for px in (96, 32, 24, 16, 12, 8, 6)] == [1, 3, 4, 6, 8, 12, 16]


def test_points_that_exist() -> None:
    assert check_point(32, 30, 25, 4) == OperatingPoint(Rung(32, 30), 25, 4)
    assert check_point(4, 0, 0.1, 64).fps == 0.1


@pytest.mark.parametrize(
    ("fps", "frames", "named"),
    [(0, 1, "fps"), (-1, 1, "fps"), (120.5, 1, "fps"), (math.nan, 1, "fps"), (math.inf, 1, "fps"),
     (25, 0, "frames per message"), (25, 65, "frames per message")],
)  # fmt: skip
def test_points_that_do_not(fps: float, frames: int, named: str) -> None:
    with pytest.raises(SettingsError, match=f"^{named} must be"):
        check_point(32, 30, fps, frames)


def test_a_point_checks_its_rung() -> None:
    with pytest.raises(SettingsError, match=r"^px must be"):
        check_point(2, 30, 25, 1)

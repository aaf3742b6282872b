"""What the encoder chooses: the rung (px, qp), and how often and how bundled it sends."""

from typing import NamedTuple

from narrowcast_shared.errors import SettingsError

CHIP_PX = 96
"""Side of the full-size chip (Cheng et al. 2017, section 4.1: 96x96 faces)."""

MIN_PX = 4
MAX_QP = 51
MAX_FPS = 120.0
MAX_FRAMES_PER_MESSAGE = 64


class Rung(NamedTuple):
    """One way of coding a chip: its side in px and x264's fixed quantiser."""

    px: int
    qp: int

    @property
    def factor(self) -> float:
        """The downsampling factor s = 96 / px."""
        return CHIP_PX / self.px


class OperatingPoint(NamedTuple):
    """A rung, the coded frames per second, and the frames bundled in one message."""

    rung: Rung
    fps: float
    frames_per_message: int


def check_rung(px: int, qp: int) -> Rung:
    """The rung (px, qp), or SettingsError naming the one that is out of range."""
    if not MIN_PX <= px <= CHIP_PX:
        raise SettingsError(f"px must be {MIN_PX} to {CHIP_PX}, got {px}")
    if not 0 <= qp <= MAX_QP:
        raise SettingsError(f"qp must be 0 to {MAX_QP}, got {qp}")
    return Rung(px, qp)


def check_fps(fps: float) -> float:
    """The frame rate, or SettingsError where it is out of range."""
    if not 0 < fps <= MAX_FPS:
        raise SettingsError(f"fps must be above 0 and at most {MAX_FPS:g}, got {fps:g}")
    return fps


def check_point(px: int, qp: int, fps: float, frames_per_message: int) -> OperatingPoint:
    """The operating point, or SettingsError naming what is out of range."""
    if not 1 <= frames_per_message <= MAX_FRAMES_PER_MESSAGE:
        raise SettingsError(
            f"frames per message must be 1 to {MAX_FRAMES_PER_MESSAGE}, got {frames_per_message}"
        )
    return OperatingPoint(check_rung(px, qp), check_fps(fps), frames_per_message)

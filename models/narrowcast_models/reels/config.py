"""What a reel looks like, in numbers."""

from typing import NamedTuple


class ReelConfig(NamedTuple):
    """Shares are of the chip's side unless said otherwise; `_s` are seconds at `fps`.

    home: how far a face's crop may sit from where the label's crop sat, for a whole segment.
    sway: how far the face may wander from home, at most, in each direction. Ranges are
    (least, most), drawn from evenly. film_strength: what is borrowed of film is scaled by.
    """

    fps: int = 25
    segment_s: tuple[float, float] = (1.0, 5.0)
    dissolve_share: float = 0.3  # of the joints between segments; the others are hard cuts
    dissolve_frames: tuple[int, int] = (8, 25)

    home_shift: float = 0.04
    home_zoom: float = 0.06
    home_turn_deg: float = 6.0
    sway_shift: float = 0.06
    sway_zoom: float = 0.04
    sway_turn_deg: float = 5.0
    sway_tilt: float = 0.07  # of the middle of the face against its edge, as where a head turns
    sway_hz: tuple[float, float] = (0.15, 2.5)  # slower is drawn back to home, faster is smoothed
    moving_s: tuple[float, float] = (1.0, 4.0)
    resting_s: tuple[float, float] = (0.5, 2.0)
    easing_s: float = 0.4  # of setting off and of coming to rest

    max_gamma: float = 1.3
    light_gain: float = 0.04  # of the pixel's value, up and down
    light_slope: float = 0.06  # the same, from the middle of the face to its edge
    light_hz: tuple[float, float] = (0.03, 0.3)
    max_noise: float = 2.0  # standard deviation in gray levels; one camera a reel

    film_strength: tuple[float, float] = (0.55, 1.05)


ON_FILM = ReelConfig(
    sway_shift=0, sway_zoom=0, sway_turn_deg=0, sway_tilt=0, light_gain=0, light_slope=0,
)  # fmt: skip
"""Of reels whose faces borrow from film: how head and light move is in what they borrow."""

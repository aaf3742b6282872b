"""Colours of the figures, the live page's own: told apart with any colour vision.

A role is also a class of the SVG, by which the page's style gives it its dark colour.
"""

from typing import NamedTuple

from narrowcast_client.report.timeline import State
from narrowcast_client.report.tracks import LATE


class Colour(NamedTuple):
    """On white, and on a dark page."""

    light: str
    dark: str


class Shown(NamedTuple):
    """A state of the strip: its class in SVG and style, and what the key says of it."""

    name: str
    words: str
    colour: Colour


CURVE = Colour("#1b5fae", "#7fb3f5")
MINOR = Colour("#454b52", "#b9c0c8")

ROLES = {
    "valence": CURVE,
    "range": CURVE,
    "sigma": CURVE,
    "px": MINOR,
    "qp": MINOR,
    "rate": MINOR,
    "wire": MINOR,
    "cap": Colour("#b3401c", "#ff9c6b"),
    "latency": MINOR,
    "mark": Colour("#8a2d84", "#e29adb"),
}

STATES = {
    int(State.READ): Shown("read", "read", Colour("#4a9b73", "#46a878")),
    LATE: Shown("late", "read, late", Colour("#1f78c8", "#58a6ff")),
    int(State.NO_FACE): Shown("no_face", "no face", Colour("#a7adb4", "#6d757e")),
    int(State.SKIPPED): Shown("skipped", "skipped", Colour("#f1cd7e", "#a8813a")),
    int(State.LOST): Shown("lost", "lost", Colour("#b3261e", "#ff6b5e")),
    int(State.UNRECORDED): Shown("unrecorded", "no frames", Colour("#ffffff", "#121417")),
}

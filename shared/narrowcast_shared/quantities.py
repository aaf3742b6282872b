"""Rates and durations as people write them (16k, 200ms), and back.

Text that is none raises SettingsError, which says how to write one.
"""

import math
import re
from collections.abc import Mapping

from narrowcast_shared.errors import SettingsError

_QUANTITY = re.compile(r"(?P<number>\d+(?:\.\d+)?|\.\d+)\s*(?P<unit>[A-Za-z/]*)")
_RATE_UNITS = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
_DURATION_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION_EXAMPLES = "30s, 500ms, 2m or 1h"


def parse_rate(text: str, *, zero: bool = False) -> float:
    """A wire rate in bit/s; k, M and G are powers of 1000. 0 only where `zero` allows it."""
    return _parse(text, "rate", _RATE_UNITS, "8k, 1.5M or 8000 (bit/s)", zero=zero)


def parse_duration(text: str, *, bare: bool = True) -> float:
    """A span of time in seconds, above 0. A number without a unit is seconds.

    bare: False asks for the unit, where people think in ms as often as in s.
    """
    units = {"": 1.0, **_DURATION_UNITS} if bare else _DURATION_UNITS
    return _parse(text, "duration", units, _DURATION_EXAMPLES, zero=False)


def format_rate(bps: int) -> str:
    """The shortest text that `parse_rate` reads as just this rate."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 1000)):
        if bps >= size and bps % (size // 10) == 0:
            return f"{bps / size:.1f}".removesuffix(".0") + unit
    return str(bps)


def format_duration(us: int) -> str:
    """The shortest text that `parse_duration` reads as just this many us."""
    for unit, size in (("s", 1_000_000), ("ms", 1000)):
        if us % size == 0:
            return f"{us // size}{unit}"
    return f"{us}us"


def _parse(text: str, what: str, units: Mapping[str, float], examples: str, *, zero: bool) -> float:
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or match["unit"] not in units:
        raise SettingsError(f"{text!r} is no {what}", f"write it like {examples}")
    quantity = float(match["number"]) * units[match["unit"]]
    if not (0 < quantity < math.inf or (zero and quantity == 0)):
        raise SettingsError(f"a {what} must be above 0, got {text!r}")
    return quantity

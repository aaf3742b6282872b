"""Numbers as a report writes them. A hyphen is no minus, and a number keeps its unit beside it."""

import math
from datetime import timedelta

NOTHING = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_SPACE = "\N{NO-BREAK SPACE}"


def signed(value: float, decimals: int = 2) -> str:
    """As `+0.25`; a dash for what is not known."""
    if not math.isfinite(value):
        return NOTHING
    return f"{value:+.{decimals}f}".replace("-", _MINUS)


def plain(value: float, decimals: int = 2) -> str:
    """As `0.25`."""
    return f"{value:.{decimals}f}".replace("-", _MINUS) if math.isfinite(value) else NOTHING


def percent(share: float) -> str:
    """As `12.3 %`; what is there but rounds to nothing is said to be less than that."""
    if 0 < share < 0.0005:
        return f"<{_SPACE}0.1{_SPACE}%"
    return f"{100 * share:.1f}{_SPACE}%"


def rate(bps: float) -> str:
    """As `5.2 kbit/s`."""
    return f"{bps / 1000:.1f}{_SPACE}kbit/s"


def milliseconds(ms: float) -> str:
    """As `250 ms` or `12.5 s`."""
    text = f"{ms:.0f}{_SPACE}ms" if abs(ms) < 10_000 else f"{ms / 1000:.1f}{_SPACE}s"
    return text.replace("-", _MINUS)


def exact_milliseconds(ms: float) -> str:
    """As `1.3 ms`."""
    return f"{plain(ms, 1)}{_SPACE}ms"


def seconds(value: float) -> str:
    """As `7.5 s`, or `1:02:03 h` from two minutes on."""
    if value < 120:
        return f"{value:.1f}{_SPACE}s"
    return f"{timedelta(seconds=round(value))}{_SPACE}h"


def count(number: int) -> str:
    """As `12 345`, with narrow spaces."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")

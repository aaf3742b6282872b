"""Numbers and times as a report writes them.

Minus signs are real ones, and a number and its unit stay on one line. The time axis has two
readings: time since the first frame, and time of day.
"""

import math
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

NOTHING = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_SPACE = "\N{NO-BREAK SPACE}"


def signed(value: float, decimals: int = 2) -> str:
    """As `+0.25`; a dash where unknown."""
    if not math.isfinite(value):
        return NOTHING
    return f"{value:+.{decimals}f}".replace("-", _MINUS)


def plain(value: float, decimals: int = 2) -> str:
    """As `0.25`."""
    return f"{value:.{decimals}f}".replace("-", _MINUS) if math.isfinite(value) else NOTHING


def percent(share: float) -> str:
    """As `12.3 %`; a share that rounds to 0 but is not 0 is `<0.1 %`."""
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


# --- the time axis ---------------------------------------------------------------------------

STEPS_S = (
    0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600,
    43200, 86400,
)  # fmt: skip
MOST_TICKS = 9


class TimeTick(NamedTuple):
    """at_s: since the first frame."""

    at_s: float
    text: str


def step_s(duration_s: float) -> float:
    """The smallest round step with at most `MOST_TICKS` ticks; whole days beyond the list."""
    fitting = (step for step in STEPS_S if duration_s / step <= MOST_TICKS)
    days = math.ceil(duration_s / 86400 / MOST_TICKS)
    return float(next(fitting, days * 86400))


def ticks_since(duration_s: float) -> list[TimeTick]:
    """Ticks at round times since the first frame."""
    step = step_s(duration_s)
    count = math.floor(duration_s / step + 1e-9)
    return [TimeTick(index * step, _since(index * step, step)) for index in range(count + 1)]


def ticks_of_day(start_t: float, duration_s: float, zone: tzinfo) -> list[TimeTick]:
    """Ticks at round times of day. start_t: Unix time in s of the first frame."""
    step = step_s(duration_s)
    shift_s = offset_s(start_t, zone)
    first = math.ceil((start_t + shift_s) / step - 1e-9)
    last = math.floor((start_t + shift_s + duration_s) / step + 1e-9)
    return [
        TimeTick(index * step - shift_s - start_t, _of_day(index * step, step))
        for index in range(first, last + 1)
    ]


def since(seconds: float) -> str:
    """As `0:07.5`, `12:03.0` or `1:02:03.0`."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{head}:{rest / 10:04.1f}"


def of_day(t: float, zone: tzinfo) -> str:
    """As `14:00:07.5`, of Unix time in s."""
    moment = datetime.fromtimestamp(round(t, 1), zone)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 100_000}"


def date(t: float, zone: tzinfo) -> str:
    """As `2026-01-31 14:00:07 (UTC+01:00)`."""
    moment = datetime.fromtimestamp(t, zone)
    return f"{moment:%Y-%m-%d %H:%M:%S} ({zone_name(t, zone)})"


def zone_name(t: float, zone: tzinfo) -> str:
    """As `UTC+01:00`, which is unambiguous everywhere."""
    minutes = round(offset_s(t, zone) / 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def zone_at(t: float) -> tzinfo:
    """The zone of this machine as it was at that time: summer time or not."""
    zone = datetime.fromtimestamp(t).astimezone().tzinfo
    assert zone is not None
    return zone


def offset_s(t: float, zone: tzinfo) -> float:
    """How far the zone's clocks are ahead of UTC, s."""
    offset = datetime.fromtimestamp(t, zone).utcoffset()
    return offset.total_seconds() if offset else 0.0


def _since(seconds: float, step: float) -> str:
    text = since(seconds)
    return text if step < 1 else text[:-2]


def _of_day(shifted_t: float, step: float) -> str:
    text = of_day(shifted_t, UTC)
    return text if step < 1 else text[:-2] if step < 60 else text[:-5]

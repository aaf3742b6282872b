"""Points in time as people write them."""

from datetime import datetime

from narrowcast_shared.archive import TimeSpan
from narrowcast_shared.errors import SettingsError

_DATE_CHARS = 8  # of a date without hyphens


def parse_time(text: str) -> float:
    """Unix time in s, of `1767225600.5` or ISO 8601; without an offset, of this machine's zone.

    `20260131` is a date, and not a time of the year 1970.

    Raises SettingsError.
    """
    try:
        return float(text) if _is_number(text) else datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise SettingsError(
            f"{text!r} is no time", "write 2026-01-31T14:00:00, with +01:00 or Z, or Unix time in s"
        ) from None


def parse_span(from_: str | None, to: str | None) -> TimeSpan:
    """What `--from` and `--to` say. Raises SettingsError where one is no time, or none is left."""
    span = TimeSpan(*(None if text is None else parse_time(text) for text in (from_, to)))
    if span.from_t is not None and span.to_t is not None and span.to_t <= span.from_t:
        raise SettingsError("--to must be later than --from")
    return span


def format_time(t: float | None) -> str:
    """As `2026-01-31 14:00:00`, in this machine's zone."""
    return "-" if t is None else datetime.fromtimestamp(t).astimezone().strftime("%F %T")


def _is_number(text: str) -> bool:
    is_date = text.isdecimal() and len(text) == _DATE_CHARS
    return text.replace(".", "", 1).isdecimal() and not is_date

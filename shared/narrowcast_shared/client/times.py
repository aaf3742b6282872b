"""Points in time as people write them."""

from datetime import datetime

from narrowcast_shared.errors import SettingsError


def parse_time(text: str) -> float:
    """Unix time in s, of `1767225600.5` or ISO 8601; without an offset, of this machine's zone.

    Raises SettingsError.
    """
    try:
        return float(text) if _is_number(text) else datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise SettingsError(
            f"{text!r} is no time", "write 2026-01-31T14:00:00, with +01:00 or Z, or Unix time in s"
        ) from None


def format_time(t: float | None) -> str:
    """As `2026-01-31 14:00:00`, in this machine's zone."""
    return "-" if t is None else datetime.fromtimestamp(t).astimezone().strftime("%F %T")


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()

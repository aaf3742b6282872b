"""Stored series: read from a running decoder, or from a store's file that no decoder is using.

The component that writes such files also reads them: it registers a function of the path that gives
an Archive as the entry point `file` of the group `narrowcast.archives`. Points in time as people
write them (`--from`, `--to`, `--at`) are parsed here too.
"""

from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlencode

from pydantic import BaseModel, TypeAdapter

from narrowcast_client.api import fetch, get_marks, get_session, list_sessions, parsed
from narrowcast_shared.archive import MAX_SESSIONS, PAGE_SAMPLES, Archive, SessionInfo, TimeSpan
from narrowcast_shared.errors import NarrowcastError, SettingsError, install_hint
from narrowcast_shared.marks import Mark
from narrowcast_shared.remote.address import Address, as_address
from narrowcast_shared.samples import Sample

PAGE_TIMEOUT_S = 10.0

_DATE_CHARS = 8  # of a date without hyphens


class _Page(BaseModel):
    samples: list[Sample]
    next: int | None


_PAGE = TypeAdapter(_Page)


def open_archive(url: str | Address, store: Path | None) -> Archive:
    """The decoder at `url`, or the file `store` where one is named.

    Raises NarrowcastError where the file cannot be read.
    """
    if store is None:
        return RemoteArchive(as_address(url))
    for entry_point in entry_points(group="narrowcast.archives", name="file"):
        open_file: Callable[[Path], Archive] = entry_point.load()
        return open_file(store)
    raise NarrowcastError("reading a store's file requires the decoder", install_hint("decoder"))


class RemoteArchive:
    """The series of a decoder, over its HTTP API."""

    def __init__(self, address: Address) -> None:
        self._address = address

    async def sessions(self) -> list[SessionInfo]:
        return await list_sessions(self._address, MAX_SESSIONS)

    async def session(self, name: str) -> SessionInfo:
        return await get_session(self._address, name)

    async def marks(self, session: str) -> list[Mark]:
        return await get_marks(self._address, session)

    async def pages(
        self, session: SessionInfo, span: TimeSpan
    ) -> AsyncGenerator[list[Sample], None]:
        next_id: int | None = 1
        while next_id is not None and next_id <= (session.last_id or 0):
            page = await self._page(session, span, next_id)
            if page.samples:
                yield page.samples
            next_id = page.next

    async def _page(self, session: SessionInfo, span: TimeSpan, from_id: int) -> _Page:
        ids = {"from": from_id, "to": session.last_id, "limit": PAGE_SAMPLES}
        times = {name: value for name, value in span._asdict().items() if value is not None}
        url = f"{self._address.session_url(session.session)}/samples?{urlencode(ids | times)}"
        return parsed(_PAGE, await fetch(self._address, url, PAGE_TIMEOUT_S), self._address)


# --- points in time --------------------------------------------------------------------------


def parse_time(text: str) -> float:
    """Unix time in s, of `1767225600.5` or ISO 8601; without an offset, in this machine's zone.

    `20260131` is a date, and not a time of the year 1970.

    Raises SettingsError where it is neither.
    """
    try:
        return float(text) if _is_number(text) else datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise SettingsError(
            f"{text!r} is not a valid time",
            "write 2026-01-31T14:00:00, with +01:00 or Z, or Unix time in seconds",
        ) from None


def _is_number(text: str) -> bool:
    is_date = text.isdecimal() and len(text) == _DATE_CHARS
    return text.replace(".", "", 1).isdecimal() and not is_date


def parse_span(from_: str | None, to: str | None) -> TimeSpan:
    """The span of `--from` and `--to`. Raises SettingsError where a time is not valid, or the
    span is empty.
    """
    span = TimeSpan(*(None if text is None else parse_time(text) for text in (from_, to)))
    if span.from_t is not None and span.to_t is not None and span.to_t <= span.from_t:
        raise SettingsError("--to must be later than --from")
    return span


def format_time(t: float | None) -> str:
    """As `2026-01-31 14:00:00`, in this machine's zone; `-` where there is none."""
    return "-" if t is None else datetime.fromtimestamp(t).astimezone().strftime("%F %T")

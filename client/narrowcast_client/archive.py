"""Stored series, wherever they are: at a decoder that runs, or in a file that none holds.

A file is read by the component that writes such files, which registers its reader as the entry
point `file` of the group `narrowcast.archives`: a function of the path that gives an Archive.
"""

from collections.abc import AsyncGenerator, Callable
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlencode

import pydantic
from pydantic import BaseModel

from narrowcast_client.http import ask
from narrowcast_client.marks import get_marks
from narrowcast_client.sessions import get_session, list_sessions
from narrowcast_shared.archive import MAX_SESSIONS, PAGE_SAMPLES, Archive, SessionInfo, TimeSpan
from narrowcast_shared.errors import NarrowcastError, install_hint
from narrowcast_shared.marks import Mark
from narrowcast_shared.remote import refusals
from narrowcast_shared.remote.address import Address
from narrowcast_shared.samples import Sample

PAGE_TIMEOUT_S = 10.0


class _Page(BaseModel):
    samples: list[Sample]
    next: int | None


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
        wanted = {"from": from_id, "to": session.last_id, "limit": PAGE_SAMPLES}
        timed = {name: value for name, value in span._asdict().items() if value is not None}
        url = f"{self._address.session_url(session.session)}/samples"
        query = urlencode(wanted | timed)
        body = await ask(self._address, f"{url}?{query}", PAGE_TIMEOUT_S)
        try:
            return _Page.model_validate_json(body)
        except pydantic.ValidationError:
            raise refusals.not_a_decoder(self._address) from None


def open_file(path: Path) -> Archive:
    """The series of a store's file, read only. Raises NarrowcastError where it cannot be."""
    for entry_point in entry_points(group="narrowcast.archives", name="file"):
        open_archive: Callable[[Path], Archive] = entry_point.load()
        return open_archive(path)
    raise NarrowcastError("reading a store's file needs the decoder", install_hint("decoder"))

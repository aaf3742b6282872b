"""Marks of a decoder's sessions: read, and added."""

from urllib.parse import urlencode

import pydantic
from pydantic import TypeAdapter

from narrowcast_client.http import ask
from narrowcast_client.sessions import TIMEOUT_S
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.marks import MAX_TEXT_CHARS, Mark, NewMark
from narrowcast_shared.remote import refusals
from narrowcast_shared.remote.address import Address, as_address

PAGE_MARKS = 1000
ADD_TIMEOUT_S = 10.0
"""A store that is locked for a moment is waited for."""

_MARKS = TypeAdapter(list[Mark])


async def get_marks(decoder: str | Address, session: str, after_id: int = 0) -> list[Mark]:
    """The marks of a session with ids above `after_id`, in order.

    Raises NoSuchSessionError where there is no such session, UnreachableError where nobody
    answers now, LinkError where the decoder refuses or is none.
    """
    address = as_address(decoder)
    found: list[Mark] = []
    while True:
        page = await _page(address, session, found[-1].id if found else after_id)
        found += page
        if len(page) < PAGE_MARKS:
            return found


async def add_mark(decoder: str | Address, session: str, text: str, t: float | None = None) -> Mark:
    """Mark a moment of a session, and return the mark as it is stored.

    t: Unix time in s, on the encoder's clock as samples have it; None is the moment at which the
    decoder is told, brought to that clock.
    Raises SettingsError where it can be no mark, else as `get_marks`.
    """
    address = as_address(decoder)
    url = f"{address.session_url(session)}/marks"
    body = _checked(text, t).model_dump_json().encode()
    answer = await ask(address, url, ADD_TIMEOUT_S, "POST", body)
    try:
        return Mark.model_validate_json(answer)
    except pydantic.ValidationError:
        raise refusals.not_a_decoder(address) from None


async def _page(address: Address, session: str, after_id: int) -> list[Mark]:
    query = urlencode({"after": after_id, "limit": PAGE_MARKS})
    url = f"{address.session_url(session)}/marks?{query}"
    body = await ask(address, url, TIMEOUT_S)
    try:
        return _MARKS.validate_json(body)
    except pydantic.ValidationError:
        raise refusals.not_a_decoder(address) from None


def _checked(text: str, t: float | None) -> NewMark:
    try:
        return NewMark(text=text, t=t)
    except pydantic.ValidationError as error:
        if error.errors()[0]["loc"] == ("t",):
            raise SettingsError(f"{t} is no time of a mark", "Unix time in s is wanted") from None
        raise SettingsError(
            f"{text[:80]!r} is no text of a mark",
            f"write 1 to {MAX_TEXT_CHARS} characters on one line, no control characters among them",
        ) from None

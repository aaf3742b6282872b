"""What sessions a decoder has, and their deletion."""

import pydantic
from pydantic import BaseModel

from narrowcast_client.http import ask
from narrowcast_shared.archive import SessionInfo
from narrowcast_shared.remote import refusals
from narrowcast_shared.remote.address import Address

TIMEOUT_S = 1.0
"""Longest wait for each step of a read."""

DELETE_TIMEOUT_S = 600.0
"""A long session takes the decoder a while: some 5 s for a million samples."""


class _Listing(BaseModel):
    sessions: list[SessionInfo]


async def list_sessions(address: Address, limit: int | None = None) -> list[SessionInfo]:
    """The decoder's sessions, the newest activity first.

    Raises UnreachableError where nobody answers now, LinkError where it is no decoder.
    """
    query = "" if limit is None else f"?limit={limit}"
    url = address.sessions_url() + query
    body = await ask(address, url, TIMEOUT_S)
    try:
        return _Listing.model_validate_json(body).sessions
    except pydantic.ValidationError:
        raise refusals.not_a_decoder(address) from None


async def get_session(address: Address, session: str) -> SessionInfo:
    """One session. Raises NoSuchSessionError where there is none, else as `list_sessions`."""
    url = address.session_url(session)
    body = await ask(address, url, TIMEOUT_S)
    try:
        return SessionInfo.model_validate_json(body)
    except pydantic.ValidationError:
        raise refusals.not_a_decoder(address) from None


async def delete_session(address: Address, session: str, *, force: bool = False) -> None:
    """Delete a session for good; one that is being published only by force.

    Raises NoSuchSessionError where there is none, LinkError where the decoder refuses.
    """
    url = address.session_url(session) + ("?force=true" if force else "")
    await ask(address, url, DELETE_TIMEOUT_S, "DELETE")

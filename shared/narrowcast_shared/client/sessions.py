"""What sessions a decoder has: one small JSON read, without an HTTP library."""

import asyncio
import http.client
import urllib.error
import urllib.request
from urllib.request import ProxyHandler

import pydantic
from pydantic import BaseModel

from narrowcast_shared.remote import refusals
from narrowcast_shared.remote.address import Address

TIMEOUT_S = 1.0
"""Longest wait for each step of a read. Short, because a thread that waits holds up the exit."""

MAX_BYTES = 8 << 20

LIVE = "live"


class SessionInfo(BaseModel):
    """What a subscriber wants to know of a session."""

    session: str
    state: str
    last_id: int | None = None

    @property
    def is_live(self) -> bool:
        return self.state == LIVE


class _Listing(BaseModel):
    sessions: list[SessionInfo]


async def list_sessions(address: Address) -> list[SessionInfo]:
    """The decoder's sessions, the newest activity first.

    Raises UnreachableError where nobody answers now, LinkError where it is no decoder.
    """
    body = await asyncio.to_thread(_read, address)
    try:
        return _Listing.model_validate_json(body).sessions
    except pydantic.ValidationError:
        raise refusals.not_a_decoder(address) from None


def _read(address: Address) -> bytes:
    # This machine is reached directly whatever proxy the environment names.
    handlers = [ProxyHandler({})] if address.is_loopback else []
    opener = urllib.request.build_opener(*handlers)
    try:
        with opener.open(address.sessions_url(), timeout=TIMEOUT_S) as response:
            body: bytes = response.read(MAX_BYTES)
    except urllib.error.HTTPError as error:
        error.close()
        raise refusals.of_status(error.code, address) from error
    except urllib.error.URLError as error:
        cause = error.reason if isinstance(error.reason, OSError) else OSError(error.reason)
        raise refusals.of_network(cause, address) from error
    except OSError as error:
        raise refusals.of_network(error, address) from error
    except http.client.HTTPException as error:
        raise refusals.not_a_decoder(address) from error
    return body

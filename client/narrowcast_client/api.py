"""A decoder's HTTP API: the requests, its sessions, and their event markers.

A request runs on a daemon thread, so that neither a cancelled caller nor the end of the program
waits for a decoder that has stopped answering. Every failure is a LinkError (`remote.refusals`);
`retry_while_unreachable` repeats a call while the failure is one that may pass.
"""

import asyncio
import http.client
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from random import SystemRandom
from typing import TypeVar
from urllib.parse import urlencode
from urllib.request import (
    BaseHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

import pydantic
from pydantic import BaseModel, SecretStr, TypeAdapter

from narrowcast_shared.archive import SessionInfo
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.marks import MAX_TEXT_CHARS, Mark, NewMark
from narrowcast_shared.remote import refusals
from narrowcast_shared.remote.access import make_access
from narrowcast_shared.remote.address import Address, as_address, parse_address
from narrowcast_shared.remote.backoff import Persistence
from narrowcast_shared.remote.refusals import UnreachableError

MAX_BYTES = 8 << 20
"""Of an answer; the rest is not read."""

READ_TIMEOUT_S = 1.0
"""Longest wait for each step of a read."""

ADD_TIMEOUT_S = 10.0
"""A marker waits for a store that is locked for a moment."""

DELETE_TIMEOUT_S = 600.0
"""A decoder takes some 5 s to delete a million samples."""

PAGE_MARKS = 1000

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)


def decoder_at(
    url: str, *, token: str | SecretStr | None = None, ca: str | Path | None = None
) -> Address:
    """A decoder that requires a token, or whose certificate an authority of its own has signed.

    token: its secret; no log and no repr shows it. ca: file of certificates to trust, PEM.
    Raises SettingsError where the URL or the token is not valid.
    """
    return parse_address(url, make_access(token, ca))


# --- requests --------------------------------------------------------------------------------


async def fetch(
    address: Address, url: str, timeout_s: float, method: str = "GET", body: bytes | None = None
) -> bytes:
    """As `fetch_blocking`, on a thread of its own, which a cancelled caller leaves behind."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()

    def settle(settle_by: Callable[[], None]) -> None:
        if not answer.done():
            settle_by()

    def run() -> None:
        try:
            found = fetch_blocking(address, url, timeout_s, method, body)
            settle_by = partial(answer.set_result, found)
        except Exception as error:  # noqa: BLE001 - the caller gets every error
            settle_by = partial(answer.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed: the caller has gone
            loop.call_soon_threadsafe(settle, settle_by)

    threading.Thread(target=run, name="request", daemon=True).start()
    return await answer


def fetch_blocking(
    address: Address, url: str, timeout_s: float, method: str = "GET", body: bytes | None = None
) -> bytes:
    """The body of the decoder's answer. `timeout_s` is the longest wait for each step.

    body: JSON to send.
    Raises UnreachableError where the decoder does not answer now, NoSuchSessionError where it does
    not know the session, else LinkError, with the decoder's own explanation where it gives one.
    """
    # Loopback is reached directly, whatever proxy the environment names.
    handlers: list[BaseHandler] = [ProxyHandler({})] if address.is_loopback else []
    if address.secure:
        handlers.append(HTTPSHandler(context=address.tls))
    opener = urllib.request.build_opener(_NoRedirect, *handlers)
    headers = address.headers | ({} if body is None else {"Content-Type": "application/json"})
    request = Request(url, body, headers, method=method)  # noqa: S310 - Address allows http and https alone
    try:
        status, answer = _open(opener, request, timeout_s)
    except urllib.error.URLError as error:
        cause = error.reason if isinstance(error.reason, OSError) else OSError(error.reason)
        raise refusals.of_network(cause, address) from error
    except OSError as error:
        raise refusals.of_network(error, address) from error
    except http.client.HTTPException as error:
        raise refusals.not_a_decoder(address) from error
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        raise refusals.of_answer(status, answer, address)
    return answer


class _NoRedirect(HTTPRedirectHandler):
    """Redirects are refused: a decoder sends none, and urllib would send the token along."""

    def redirect_request(self, *_: object) -> None:
        return None


def _open(opener: OpenerDirector, request: Request, timeout_s: float) -> tuple[int, bytes]:
    """Status and body of any status; a body that does not arrive raises OSError."""
    try:
        with opener.open(request, timeout=timeout_s) as response:
            return response.status, response.read(MAX_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(MAX_BYTES)


async def retry_while_unreachable(
    call: Callable[[], Awaitable[Answer]], patience_s: float
) -> Answer:
    """What `call` returns; it is called again while the decoder is unreachable, for `patience_s`.

    Raises UnreachableError after that time, else as `call` does.
    """
    clock = SystemClock()
    persistence = Persistence(patience_s, patience_s, clock.monotonic_us(), SystemRandom())
    while True:
        try:
            return await call()
        except UnreachableError as error:
            delay_s = persistence.next_delay_s(clock.monotonic_us())
            if delay_s is None:
                raise
            logger.info("%s; trying again in %.1f s", error.problem, delay_s)
            await asyncio.sleep(delay_s)


def parsed(model: TypeAdapter[Answer], body: bytes, address: Address) -> Answer:
    """The JSON body. Raises LinkError where it is not what a decoder sends."""
    try:
        return model.validate_json(body)
    except pydantic.ValidationError:
        raise refusals.not_a_decoder(address) from None


# --- sessions --------------------------------------------------------------------------------


class _Listing(BaseModel):
    sessions: list[SessionInfo]


_LISTING = TypeAdapter(_Listing)
_SESSION = TypeAdapter(SessionInfo)
_MARK = TypeAdapter(Mark)
_MARKS = TypeAdapter(list[Mark])


async def list_sessions(address: Address, limit: int | None = None) -> list[SessionInfo]:
    """The decoder's sessions, the most recently active first.

    Raises UnreachableError where the decoder does not answer now, LinkError where what answers
    is not a decoder.
    """
    query = "" if limit is None else f"?limit={limit}"
    body = await fetch(address, address.sessions_url() + query, READ_TIMEOUT_S)
    return parsed(_LISTING, body, address).sessions


async def get_session(address: Address, session: str) -> SessionInfo:
    """One session. Raises NoSuchSessionError where there is none, else as `list_sessions`."""
    body = await fetch(address, address.session_url(session), READ_TIMEOUT_S)
    return parsed(_SESSION, body, address)


async def delete_session(address: Address, session: str, *, force: bool = False) -> None:
    """Delete a session for good. One that is being published is deleted only with `force`.

    Raises NoSuchSessionError where there is none, LinkError where the decoder refuses.
    """
    url = address.session_url(session) + ("?force=true" if force else "")
    await fetch(address, url, DELETE_TIMEOUT_S, "DELETE")


# --- event markers ---------------------------------------------------------------------------


async def get_marks(decoder: str | Address, session: str, after_id: int = 0) -> list[Mark]:
    """The event markers of a session with ids above `after_id`, in order.

    Raises NoSuchSessionError where there is no such session, UnreachableError where the decoder
    does not answer now, LinkError where it refuses or is not a decoder.
    """
    address = as_address(decoder)
    found: list[Mark] = []
    while True:
        query = urlencode({"after": found[-1].id if found else after_id, "limit": PAGE_MARKS})
        url = f"{address.session_url(session)}/marks?{query}"
        page = parsed(_MARKS, await fetch(address, url, READ_TIMEOUT_S), address)
        found += page
        if len(page) < PAGE_MARKS:
            return found


async def add_mark(decoder: str | Address, session: str, text: str, t: float | None = None) -> Mark:
    """Add an event marker to a session, and return it as stored.

    t: Unix time in s, on the encoder's clock as samples have it; None is the moment at which the
    decoder receives the request, converted to that clock.
    Raises SettingsError where the text or the time is not valid, else as `get_marks`.
    """
    address = as_address(decoder)
    url = f"{address.session_url(session)}/marks"
    body = _new_mark(text, t).model_dump_json().encode()
    return parsed(_MARK, await fetch(address, url, ADD_TIMEOUT_S, "POST", body), address)


def _new_mark(text: str, t: float | None) -> NewMark:
    try:
        return NewMark(text=text, t=t)
    except pydantic.ValidationError as error:
        if error.errors()[0]["loc"] == ("t",):
            raise SettingsError(
                f"{t} is not a valid time of a marker", "give Unix time in seconds"
            ) from None
        raise SettingsError(
            f"{text[:80]!r} is not a valid marker text",
            f"write 1 to {MAX_TEXT_CHARS} characters on one line, without control characters",
        ) from None

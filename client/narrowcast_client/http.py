"""Small requests to a decoder, without an HTTP library."""

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
from urllib.request import (
    BaseHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from pydantic import SecretStr

from narrowcast_shared.clock import SystemClock
from narrowcast_shared.remote import refusals
from narrowcast_shared.remote.access import make_access
from narrowcast_shared.remote.address import Address, parse_address
from narrowcast_shared.remote.backoff import Persistence
from narrowcast_shared.remote.refusals import UnreachableError

MAX_BYTES = 8 << 20

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


class _NoRedirect(HTTPRedirectHandler):
    """A decoder sends nobody elsewhere, and urllib would take the token along."""

    def redirect_request(self, *_: object) -> None:
        return None


async def ask(
    address: Address, url: str, timeout_s: float, method: str = "GET", body: bytes | None = None
) -> bytes:
    """As `request`, on a thread of its own. Whoever is cancelled leaves that behind: an executor's
    would hold up the end of the program until the decoder answers.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()

    def settle(settle_by: Callable[[], None]) -> None:
        if not answer.done():
            settle_by()

    def run() -> None:
        try:
            found = request(address, url, timeout_s, method, body)
            settle_by = partial(answer.set_result, found)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the asker's
            settle_by = partial(answer.set_exception, error)
        with suppress(RuntimeError):  # nobody waits any more, and the loop is closed
            loop.call_soon_threadsafe(settle, settle_by)

    threading.Thread(target=run, name="request", daemon=True).start()
    return await answer


async def patiently(call: Callable[[], Awaitable[Answer]], patience_s: float) -> Answer:
    """What `call` returns, made again while nobody answers, for as long as `patience_s`.

    Raises UnreachableError where that is over, else as `call` does.
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


def request(
    address: Address, url: str, timeout_s: float, method: str = "GET", body: bytes | None = None
) -> bytes:
    """The body of the answer, which it waits for. `timeout_s` is the longest wait for each step.

    body: JSON to send.

    Raises UnreachableError where nobody answers now, NoSuchSessionError where the session is
    not there, else LinkError, in the decoder's own words where it has any.
    """
    # This machine is reached directly whatever proxy the environment names.
    handlers: list[BaseHandler] = [ProxyHandler({})] if address.is_loopback else []
    if address.secure:
        handlers.append(HTTPSHandler(context=address.tls))
    opener = urllib.request.build_opener(_NoRedirect, *handlers)
    headers = address.headers | ({} if body is None else {"Content-Type": "application/json"})
    wanted = Request(url, body, headers, method=method)  # noqa: S310 - Address allows http and https alone
    try:
        status, answer = _answer(opener, wanted, timeout_s)
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


def _answer(opener: OpenerDirector, wanted: Request, timeout_s: float) -> tuple[int, bytes]:
    """Status and body, whatever the status; a body that does not come is an OSError."""
    try:
        with opener.open(wanted, timeout=timeout_s) as response:
            return response.status, response.read(MAX_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(MAX_BYTES)

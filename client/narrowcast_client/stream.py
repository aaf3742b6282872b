"""The samples of one connection to a decoder, until it closes."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urlencode

import pydantic
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.errors import LinkError
from narrowcast_shared.remote import refusals
from narrowcast_shared.remote.address import Address
from narrowcast_shared.samples import Sample

OPEN_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 0.5
PING_INTERVAL_S = 10.0
PING_TIMEOUT_S = 20.0

MAX_MESSAGE_BYTES = 64 * 1024
"""A sample is some 250 bytes; this leaves room for later fields."""


class Replay(NamedTuple):
    """The stored series, `speed` times as fast as it was captured; then the end.

    max_gap_s: longest pause in the series, s; a longer one is cut to it.
    """

    speed: float = 1.0
    max_gap_s: float = 5.0

    @property
    def query(self) -> str:
        """As parameters of a URL."""
        return urlencode({"replay": "true", "speed": self.speed, "max_gap": self.max_gap_s})


REAL_TIME = Replay()


async def stream(
    address: Address,
    session: str,
    from_id: int,
    on_open: Callable[[], None],
    replay: Replay | None = None,
) -> AsyncGenerator[Sample, None]:
    """Samples from `from_id` on; ends with the session, or its replay.

    Raises UnreachableError where the connection fails in a way that may pass, else LinkError.
    """
    url = address.subscribe_url(session, from_id)
    if replay is not None:
        url += f"&{replay.query}"
    async with _connection(address, url) as connection:
        on_open()
        while True:
            try:
                message = await connection.recv()
            except ConnectionClosed as closed:
                if closed.rcvd and closed.rcvd.code == CloseCode.SESSION_ENDED:
                    return
                raise refusals.of_close(closed, address, session) from closed
            yield _sample(message, address)


@asynccontextmanager
async def _connection(address: Address, url: str) -> AsyncIterator[ClientConnection]:
    """An open connection. For a slow reader, the decoder's bounded queue holds the samples."""
    try:
        connection = await connect(
            url,
            additional_headers=address.headers,
            ssl=address.tls,
            compression=None,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            max_size=MAX_MESSAGE_BYTES,
            proxy=None if address.is_loopback else True,
        )
    except OSError as error:
        raise refusals.of_network(error, address) from error
    except (WebSocketException, ImportError) as error:
        raise refusals.of_handshake(error, address) from error
    try:
        yield connection
    finally:
        try:
            await connection.close()
        except asyncio.CancelledError:  # a second one: the event loop is ending
            connection.transport.abort()
            raise


def _sample(message: str | bytes, address: Address) -> Sample:
    try:
        return Sample.model_validate_json(message)
    except pydantic.ValidationError as error:
        raise LinkError(
            f"{address.base} sent a message that is not a sample ({error.errors()[0]['msg']})",
            "check that it is a narrowcast decoder of this version",
        ) from None

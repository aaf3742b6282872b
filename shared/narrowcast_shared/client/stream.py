"""The samples of one connection to a decoder, until it closes."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

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


async def stream(
    address: Address, session: str, from_id: int, on_open: Callable[[], None]
) -> AsyncGenerator[Sample, None]:
    """Samples from `from_id` on; ends where the session has ended.

    Raises UnreachableError where the connection fails in a way worth another try, else
    LinkError.
    """
    async with _connection(address, session, from_id) as connection:
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
async def _connection(
    address: Address, session: str, from_id: int
) -> AsyncIterator[ClientConnection]:
    """An open connection. A slow reader is left to the decoder, whose queue is bounded."""
    try:
        connection = await connect(
            address.subscribe_url(session, from_id),
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
    except WebSocketException as error:
        raise refusals.of_handshake(error, address) from error
    async with connection:
        yield connection


def _sample(message: str | bytes, address: Address) -> Sample:
    try:
        return Sample.model_validate_json(message)
    except pydantic.ValidationError as error:
        raise LinkError(
            f"{address.base} sent what is no sample ({error.errors()[0]['msg']})",
            "is it a narrowcast decoder of this version?",
        ) from None

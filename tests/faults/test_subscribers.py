"""A thousand subscribers on one stream, one of which takes nothing."""

import asyncio
import logging
import resource
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from narrowcast_shared import open_files
from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.remote.address import Address, parse_address
from narrowcast_shared.samples import Sample
from narrowcast_shared.wire.messages import End, EndCode
from narrowcast_shared.wire.serial import parse

from .beside import going_on
from .publisher import dial, publishing
from .raw_web_socket import upgraded
from .service import Service, service, soon

logger = logging.getLogger(__name__)

SUBSCRIBERS = 1000
OPENED_AT_A_TIME = 50
STORED = 20_000
"""Samples before the others come: more than a connection's buffers hold."""

LIVE = 20
FPS = 4
BYTES_EACH = 100_000
"""Memory that a subscriber may cost: its connection's state and buffers."""

SEND_S = 10.0
"""For so long the decoder lets a subscriber take nothing."""


@contextmanager
def few_open_files() -> Iterator[None]:
    """Children are started with the limit that some systems have."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def subscribers(
    stack: AsyncExitStack, address: Address, session: str
) -> list[ClientConnection]:
    """Connections that are to get what comes after the first `STORED` samples."""
    url = address.subscribe_url(session, STORED + 1)
    opened: list[ClientConnection] = []
    while len(opened) < SUBSCRIBERS - 1:
        count = min(OPENED_AT_A_TIME, SUBSCRIBERS - 1 - len(opened))
        dialled = (
            connect(url, compression=None, proxy=None, open_timeout=90) for _ in range(count)
        )
        opened += await asyncio.gather(*map(stack.enter_async_context, dialled))
    return opened


async def ids(subscriber: ClientConnection) -> list[int]:
    """Ids of all samples until the decoder says that the session has ended."""
    taken: list[int] = []
    with suppress(ConnectionClosed):
        while True:
            taken.append(Sample.model_validate_json(await subscriber.recv()).id)
    assert subscriber.close_code == CloseCode.SESSION_ENDED
    return taken


async def silent(url: str) -> End:
    """What is said to a publisher that opens a connection and says nothing."""
    async with dial(url) as socket:
        end = parse(await socket.recv(decode=False))  # type: ignore[arg-type]
        await socket.wait_closed()
        assert socket.close_code == CloseCode.PROTOCOL_ERROR
    assert isinstance(end, End)
    return end


def test_one_of_a_thousand_subscribers_stalls_and_the_others_get_everything(folder: Path) -> None:
    async def crowd(decoder: Service) -> None:
        address = parse_address(decoder.url)
        saying_nothing = asyncio.create_task(silent(decoder.url))
        async with AsyncExitStack() as stack, publishing(decoder.url, "crowd") as publisher:
            # 1. A long series is there. One follows it from its beginning and reads nothing.
            await publisher.send_runs(STORED)
            await publisher.until_acknowledged(STORED)
            before_bytes = decoder.resident_bytes()
            stalled = stack.enter_context(upgraded(address.subscribe_url("crowd", 1)))
            # 2. The others come, and get what is published to them.
            taking = [
                asyncio.create_task(ids(each))
                for each in await subscribers(stack, address, "crowd")
            ]
            await publisher.play(LIVE, FPS)
            await publisher.until_acknowledged(STORED + LIVE)
            grown_bytes = decoder.resident_bytes() - before_bytes
            # 3. The one is let go of.
            gone = f"narrowcast_subscribers {SUBSCRIBERS - 1:.1f}"
            name, _, left = gone.rpartition(" ")
            await soon(lambda: decoder.count(name) == float(left), "it is cut off", SEND_S + 80)
            await publisher.finish()
            taken = await asyncio.gather(*taking)
        assert stalled.fileno() < 0
        assert taken == [list(range(STORED + 1, STORED + LIVE + 1))] * (SUBSCRIBERS - 1)
        logger.info("memory of a subscriber: %.0f kB", grown_bytes / SUBSCRIBERS / 1000)
        assert grown_bytes < SUBSCRIBERS * BYTES_EACH
        # 4. Meanwhile somebody else has said nothing at all.
        end = await saying_nothing
        assert (end.code, end.reason) == (EndCode.PROTOCOL, "no HELLO came")
        assert decoder.count('narrowcast_protocol_violations_total{code="no_hello"}') == 1

    async def scenario(decoder: Service) -> None:
        async with going_on(decoder.url):
            await crowd(decoder)

    open_files.allow_many()
    with few_open_files():
        running = service(folder)
        decoder = running.__enter__()
    try:
        asyncio.run(asyncio.wait_for(scenario(decoder), 250))
    finally:
        running.__exit__(None, None, None)
    assert "Traceback" not in decoder.log.read_text()

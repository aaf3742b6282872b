"""SIGTERM under load: whoever is connected is told, in bounded time."""

import asyncio
import logging
import signal
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.remote.address import parse_address
from narrowcast_shared.samples import Sample
from narrowcast_shared.wire.messages import EndCode

from .publisher import Publisher, publishing
from .raw_web_socket import upgraded
from .series import nothing_is_lost
from .service import Service, service, stored

logger = logging.getLogger(__name__)

PUBLISHERS = 12
STOP_S = 30.0
LONG = 20_000
"""Samples that no socket's buffers hold."""


async def play_until_closed(publisher: Publisher) -> None:
    with suppress(ConnectionClosed):
        await publisher.play(1000)


async def take_all(subscriber: ClientConnection) -> list[Sample]:
    samples = []
    with suppress(ConnectionClosed):
        while True:
            samples.append(Sample.model_validate_json(await subscriber.recv()))
    return samples


async def stopped_under_load(decoder: Service) -> tuple[list[int], list[list[Sample]]]:
    """What each publisher was told to be stored, and what the subscriber to each saw."""
    address = parse_address(decoder.url)
    async with AsyncExitStack() as stack:
        publishers = [
            await stack.enter_async_context(publishing(decoder.url, f"cam-{number}"))
            for number in range(PUBLISHERS)
        ]
        subscribers = [
            await stack.enter_async_context(
                connect(address.subscribe_url(f"cam-{number}", 1), compression=None, proxy=None)
            )
            for number in range(PUBLISHERS)
        ]
        async with publishing(decoder.url, "long") as publisher:
            await publisher.send_runs(LONG)
            await publisher.finish()
        stalled = stack.enter_context(upgraded(address.subscribe_url("long", 1)))
        taking = [asyncio.create_task(take_all(each)) for each in subscribers]
        playing = [asyncio.create_task(play_until_closed(each)) for each in publishers]
        await publishers[-1].until_acknowledged(20)

        started_s = time.monotonic()
        decoder.process.send_signal(signal.SIGTERM)
        ends = [await publisher.ended() for publisher in publishers]
        seen = [await each for each in taking]
        assert await asyncio.to_thread(decoder.process.wait, 90) == 0
        took_s = time.monotonic() - started_s
        logger.info("ended %.1f s after the signal", took_s)
        assert took_s < STOP_S
        await asyncio.gather(*playing)

        assert {end.code for end in ends} == {EndCode.DRAINING}
        assert {each.socket.close_code for each in publishers} == {CloseCode.RESTARTING}
        assert {each.close_code for each in subscribers} == {CloseCode.GOING_AWAY}
        assert stalled.fileno() >= 0
        told = [max(each.acknowledged, each.end.next_seq) for each in publishers if each.end]
        return told, seen


def test_a_signal_under_load_tells_everybody_and_keeps_what_was_acknowledged(folder: Path) -> None:
    with service(folder) as decoder:
        told, seen = asyncio.run(stopped_under_load(decoder))
    assert "Traceback" not in decoder.log.read_text()
    for number in range(PUBLISHERS):
        samples = stored(folder, f"cam-{number}")
        assert len(samples) >= told[number] >= 20
        nothing_is_lost(samples)
        assert samples[: len(seen[number])] == seen[number]
        assert len(seen[number]) >= told[number], "all that publishers heard of was published"
    assert len(stored(folder, "long")) == LONG

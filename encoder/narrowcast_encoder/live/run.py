"""One live encoder from the first connection to the last acknowledgement."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from narrowcast_encoder.live.feed import FrameFeed
from narrowcast_encoder.live.publisher import Publisher
from narrowcast_shared.errors import LinkError

STOP_GRACE_S = 2.0
"""After a signal: time to send what is left and to hear that it is stored."""


async def run(publisher: Publisher, feed: FrameFeed) -> None:
    """Publish the feed until it ends, or a signal ends it.

    Raises what ended the source, or LinkError where the decoder refuses or stays away.
    """
    publishing = asyncio.create_task(publisher.run())
    try:
        with _stop_on_signals() as stopped:
            await _first(publishing, publisher.welcomed, stopped)
            if publisher.welcomed.is_set():
                feed.start()
                await _first(publishing, feed.ended, stopped)
                feed.stop()
                await feed.ended.wait()
            publisher.source_ended()
            if stopped.is_set():
                await asyncio.wait({publishing}, timeout=STOP_GRACE_S)
            if not stopped.is_set() or publishing.done():
                await publishing
    finally:
        feed.stop()
        publishing.cancel()
        await asyncio.wait({publishing})
    feed.result()


async def _first(publishing: "asyncio.Task[None]", *events: asyncio.Event) -> None:
    """Wait for one of the events, or for publishing to end early: then raise what ended it."""
    waiting = {asyncio.create_task(event.wait()) for event in events}
    try:
        await asyncio.wait({publishing, *waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    if publishing.done():
        publishing.result()
        raise LinkError("the decoder ended the stream before the source did")


@contextmanager
def _stop_on_signals() -> Iterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set; a second SIGINT interrupts at once."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop() -> None:
        stopped.set()
        loop.remove_signal_handler(signal.SIGINT)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield stopped
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

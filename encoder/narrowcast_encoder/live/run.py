"""One live encoder from the first connection to the last acknowledgement."""

import asyncio
import logging
from collections.abc import Callable

from narrowcast_encoder.live.feed import FrameFeed
from narrowcast_encoder.live.publisher import Publisher
from narrowcast_shared import signals
from narrowcast_shared.errors import LinkError

logger = logging.getLogger(__name__)

STOP_GRACE_S = 2.0
"""After a signal: time to send what is left and to hear that it is stored."""


async def run(publisher: Publisher, feed: FrameFeed, on_welcome: Callable[[], None]) -> None:
    """Publish the feed until it ends, or a signal ends it.

    A source that breaks down leaves a session that is interrupted, and not one that has ended.

    on_welcome: called once, when a decoder has taken the session on.
    Raises what ended the source, or LinkError where the decoder refuses or stays away.
    """
    publishing = asyncio.create_task(publisher.run())
    try:
        stopped = asyncio.Event()
        with signals.on_stop(stopped.set):
            await first(publishing, publisher.welcomed, stopped)
            if publisher.welcomed.is_set():
                on_welcome()
                feed.start()
                await first(publishing, feed.ended, stopped)
            await feed.stop()
            publisher.source_ended(failed=feed.failed)
            await _any(publishing, stopped)
            await leave(publisher, publishing)
            if publishing.done():
                publishing.result()
    finally:
        publishing.cancel()
        await asyncio.wait({publishing})
        await feed.stop()
    feed.result()


async def leave(publisher: Publisher, publishing: "asyncio.Task[None]") -> None:
    """Tell what there is still time for, and wait until it is stored, for `STOP_GRACE_S` at most.

    How publishing ended is for the caller to look at.
    """
    publisher.hurry()
    await asyncio.wait({publishing}, timeout=STOP_GRACE_S)
    if not publishing.done():
        logger.warning("the decoder has not acknowledged the end of the stream")


async def first(publishing: "asyncio.Task[None]", *events: asyncio.Event) -> None:
    """Wait for one of the events, or for publishing to end early: then raise what ended it."""
    await _any(publishing, *events)
    if publishing.done():
        publishing.result()
        raise LinkError("the decoder ended the stream before the source did")


async def _any(publishing: "asyncio.Task[None]", *events: asyncio.Event) -> None:
    """Wait for the end of publishing, or for one of the events."""
    waiting = {asyncio.create_task(event.wait()) for event in events}
    try:
        await asyncio.wait({publishing, *waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()

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

    on_welcome: called once, when a decoder has taken the session on.
    Raises what ended the source, or LinkError where the decoder refuses or stays away.
    """
    publishing = asyncio.create_task(publisher.run())
    try:
        stopped = asyncio.Event()
        with signals.on_stop(stopped.set):
            await _first(publishing, publisher.welcomed, stopped)
            if publisher.welcomed.is_set():
                on_welcome()
                feed.start()
                await _first(publishing, feed.ended, stopped)
            await feed.stop()
            publisher.source_ended()
            await _any(publishing, stopped)
            publisher.hurry()
            await asyncio.wait({publishing}, timeout=STOP_GRACE_S)
            if publishing.done():
                publishing.result()
            else:
                logger.warning("the decoder has not acknowledged the end of the stream")
    finally:
        publishing.cancel()
        await asyncio.wait({publishing})
        await feed.stop()
    feed.result()


async def _first(publishing: "asyncio.Task[None]", *events: asyncio.Event) -> None:
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

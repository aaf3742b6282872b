"""A line to a decoder that can be cut and mended, for who does not live in an event loop."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from narrowcast_lab.relay import Relay


class Line:
    """A relay on a thread of its own."""

    def __init__(self, relay: Relay, loop: asyncio.AbstractEventLoop) -> None:
        self._relay = relay
        self._loop = loop

    @property
    def url(self) -> str:
        """What an encoder is to publish to."""
        return f"http://127.0.0.1:{self._relay.port}"

    def cut(self) -> None:
        """Break every connection, and let nobody through until it is mended."""
        self._relay.is_down = True
        self._loop.call_soon_threadsafe(self._relay.cut)

    def mend(self) -> None:
        """Let connections through again."""
        self._relay.is_down = False


@contextmanager
def line(target_port: int) -> Iterator[Line]:
    """A line to a port on loopback."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="line")
    thread.start()
    relay = Relay(target_port)
    try:
        asyncio.run_coroutine_threadsafe(relay.__aenter__(), loop).result()
        try:
            yield Line(relay, loop)
        finally:
            asyncio.run_coroutine_threadsafe(relay.__aexit__(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

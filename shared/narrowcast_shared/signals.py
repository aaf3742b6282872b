"""SIGINT and SIGTERM as an orderly request to stop, on every platform."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def on_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on the running loop for each of the signals; afterwards they act as before."""
    loop = asyncio.get_running_loop()

    def pass_on(*_: object) -> None:
        loop.call_soon_threadsafe(stop)

    before = {number: signal.signal(number, pass_on) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

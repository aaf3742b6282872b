"""A decoder's part of the bus: its store, its hub, and the two tasks that keep them in touch."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self

from narrowcast_decoder.bus.address import parse_bus
from narrowcast_decoder.bus.hub import BusHub
from narrowcast_decoder.bus.listener import Listener, OnLost
from narrowcast_decoder.bus.valkey_store import LIFE_MS, ValkeyStore
from narrowcast_shared.errors import StoreError
from narrowcast_shared.model_name import UNKNOWN_MODEL, ModelName

_log = logging.getLogger(__name__)

SIGN_S = LIFE_MS / 1000 / 3
"""Between two signs of life; two of them may be lost."""

HEARD_S = 5.0
"""How long a decoder waits, before it takes anything in, until it hears of the others."""


class BusHome:
    """A `SeriesHome` that several decoders share."""

    def __init__(self, store: ValkeyStore) -> None:
        self.store = store
        self.hub = BusHub()
        self.shown = store.client.address.shown

    @classmethod
    async def open(cls, url: str, model: ModelName = UNKNOWN_MODEL) -> Self:
        """The series on the bus at `url`. Raises SettingsError, StoreError."""
        return cls(await ValkeyStore.open(parse_bus(url), model=model))

    @asynccontextmanager
    async def at_work(self, on_lost: OnLost) -> AsyncIterator[None]:
        """Keep the hub told and the decoder alive for the others meanwhile."""
        listener = Listener(self.store.client, self.hub, on_lost)
        tasks = {asyncio.create_task(listener.run()), asyncio.create_task(self._live_on())}
        try:
            with suppress(TimeoutError):  # it says so itself, and goes on trying
                async with asyncio.timeout(HEARD_S):
                    await listener.heard.wait()
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _live_on(self) -> None:
        while True:
            try:
                await self.store.live_on()
            except StoreError as error:
                _log.debug("no sign of life could be given: %s", error)
            await asyncio.sleep(SIGN_S)

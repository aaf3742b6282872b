"""Whether new streams should come here: the checks behind `/readyz`."""

import asyncio
from collections.abc import Callable

from narrowcast_decoder.store.health import StoreCondition, StoreHealth
from narrowcast_decoder.store.interface import SampleStore
from narrowcast_shared.clock import Clock
from narrowcast_shared.errors import StoreError

LOOK_S = 1.0
"""How long a look at the store may take, and how long what it found is believed."""

US_PER_S = 1_000_000

Check = Callable[[], bool]


class Readiness:
    """The model is at work, the store takes writes, and the service is not about to end.

    The store is asked by a small write, once in `LOOK_S` however often somebody wants to know.
    """

    def __init__(
        self,
        store: SampleStore,
        store_health: StoreHealth,
        clock: Clock,
        *,
        is_reading: Check,
        is_draining: Check,
    ) -> None:
        self._store = store
        self._store_health = store_health
        self._clock = clock
        self._is_reading = is_reading
        self._is_draining = is_draining
        self._look: asyncio.Task[str] | None = None
        self._looked_us = 0

    async def faults(self) -> dict[str, str]:
        """What is wrong, by check: `model`, `store`, `accepting`. Empty where nothing is."""
        found = {
            "model": "" if self._is_reading() else "no model is at work",
            "store": await self._store_fault(),
            "accepting": "the service is about to end" if self._is_draining() else "",
        }
        return {check: fault for check, fault in found.items() if fault}

    async def _store_fault(self) -> str:
        """What is wrong with the store; empty where nothing is."""
        health = self._store_health
        if health.condition is StoreCondition.WAITING:
            return str(health.error)  # samples wait: a small write that works means little
        if self._look is None or (self._look.done() and self._is_stale(self._look.result())):
            self._look = asyncio.create_task(self._write())
            self._looked_us = self._clock.monotonic_us()
        await asyncio.wait({self._look}, timeout=LOOK_S)
        return self._look.result() if self._look.done() else f"no answer within {LOOK_S:g} s"

    def _is_stale(self, fault: str) -> bool:
        """Whether what the last look found is to be believed no more."""
        if not fault and self._store_health.condition is StoreCondition.FAILED:
            return True  # it has failed since
        return self._clock.monotonic_us() - self._looked_us >= LOOK_S * US_PER_S

    async def _write(self) -> str:
        try:
            await self._store.check_writable()
        except StoreError as error:
            return str(error)
        if self._store_health.condition is StoreCondition.FAILED:
            # Nobody is sent here while it counts as failed, so no sample would ever show it.
            self._store_health.worked()
        return ""

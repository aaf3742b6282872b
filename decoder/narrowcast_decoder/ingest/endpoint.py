"""The publish WebSocket: lets publishers in until the service drains."""

import asyncio
from contextlib import suppress

from starlette.websockets import WebSocket

from narrowcast_decoder.ingest.publisher import Publisher
from narrowcast_decoder.ingest.registry import Registry
from narrowcast_decoder.metrics import Metrics
from narrowcast_decoder.pipeline import Pipeline
from narrowcast_decoder.security.limits import Limits
from narrowcast_shared.clock import Clock
from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.wire import SUBPROTOCOL


class Ingest:
    """Accepts publishers until it drains."""

    def __init__(
        self,
        registry: Registry,
        pipeline: Pipeline,
        clock: Clock,
        metrics: Metrics | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._registry = registry
        self._pipeline = pipeline
        self._clock = clock
        self._metrics = metrics or Metrics()
        self._limits = limits or Limits()
        self._draining = asyncio.Event()
        self._open = 0
        self._all_gone = asyncio.Event()

    @property
    def is_draining(self) -> bool:
        """Whether publishers are sent away."""
        return self._draining.is_set()

    def drain(self) -> None:
        """Tell every publisher, now and to come, to come back later."""
        self._draining.set()
        if not self._open:
            self._all_gone.set()

    async def drained(self, timeout_s: float) -> None:
        """Wait until every publisher has gone, all of its frames stored; `timeout_s` at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._all_gone.wait()

    async def publish(self, websocket: WebSocket) -> None:
        """Serve one publisher's WebSocket to its end."""
        if SUBPROTOCOL not in websocket.scope.get("subprotocols", []):
            await websocket.close(CloseCode.BAD_REQUEST, f"subprotocol {SUBPROTOCOL} is wanted")
            return
        await websocket.accept(SUBPROTOCOL)
        publisher = Publisher(
            websocket,
            self._registry,
            self._pipeline,
            self._clock,
            self._metrics,
            self._limits,
        )
        self._open += 1
        try:
            await publisher.serve(self._draining)
        finally:
            self._open -= 1
            if self._draining.is_set() and not self._open:
                self._all_gone.set()

"""The service as a process: store, pipeline and web server, started and ended in order."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import torch
import uvicorn

from narrowcast_decoder import debug, web_socket
from narrowcast_decoder.app import create_app
from narrowcast_decoder.hub import Hub
from narrowcast_decoder.inference.reader import FrameReader
from narrowcast_decoder.ingest.endpoint import Ingest
from narrowcast_decoder.ingest.registry import Registry
from narrowcast_decoder.metrics import Metrics
from narrowcast_decoder.pipeline import Pipeline
from narrowcast_decoder.service import Service
from narrowcast_decoder.settings import DecoderSettings
from narrowcast_decoder.stages import Stages
from narrowcast_decoder.store.retention import Retention
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared import open_files, signals
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.wire import MAX_MESSAGE_BYTES

logger = logging.getLogger(__name__)

PUBLISH_PATH = "/v1/publish"

DRAIN_S = 0.8
"""After a signal: time for publishers to hear the END and for the store to take what is read."""

CLOSE_S = 1
"""After the drain: time for connections to close before they are cut."""

BACKLOG = 1024

GARBAGE_OBJECTS = 10_000
"""Objects that may be new before unreachable ones are looked for: about a megabyte."""

DEAD_PEER_MS = 120_000
"""Unacknowledged bytes older than this end a connection; TCP alone takes a quarter of an hour."""


def serve(settings: DecoderSettings) -> None:
    """Run the decoder service until SIGINT or SIGTERM. Raises NarrowcastError."""
    open_files.allow_many()
    listener = _listen(settings)
    torch.set_num_threads(settings.threads)
    recogniser = Recogniser.load(settings.model, settings.precision, settings.device)
    _collect_less()
    asyncio.run(_serve(settings, listener, recogniser))


def _collect_less() -> None:
    """Spare the garbage collector what stays to the end, and most of its rounds.

    At CPython's threshold it takes 7 % of the time under load, and finds next to nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)


def _listen(settings: DecoderSettings) -> socket.socket:
    """A bound socket: a port in use is one clear line, before anything else is started."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _end_dead_peers(listener)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"cannot listen on {settings.host} port {settings.port} ({error.strerror})",
            "choose another with --host and --port, or end what listens there",
        ) from None
    return listener


def _end_dead_peers(listener: socket.socket) -> None:
    """Have the kernel end connections whose peer has vanished; accepted sockets inherit it."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_MS)


async def _serve(
    settings: DecoderSettings, listener: socket.socket, recogniser: Recogniser
) -> None:
    clock, hub, stages, metrics = SystemClock(), Hub(), Stages(), Metrics()
    store = await SqliteStore.open(settings.store, model=settings.model)
    try:
        pipeline = Pipeline(FrameReader(recogniser, stages), store, hub, clock, stages, metrics)
        registry = Registry(store, hub, clock)
        ingest = Ingest(registry, pipeline, clock, stages, metrics)
        service = Service(
            store,
            hub,
            registry.live,
            settings.model,
            store_health=pipeline.store_health,
            clock=clock,
            evict=registry.evict,
            metrics=metrics,
            stages=stages,
            queued_frames=lambda: pipeline.queued,
            is_reading=lambda: pipeline.is_running,
            is_draining=lambda: ingest.is_draining,
        )
        retention = Retention(store, settings.limits, registry.live, clock)
        app = create_app(service)
        app.add_api_websocket_route(PUBLISH_PATH, ingest.publish)
        app.router.routes.append(debug.route(stages))
        server = _Server(_uvicorn_config(app, stages), ingest, hub)
        async with _running(pipeline, server), _at_work(retention):
            host, port = listener.getsockname()[:2]
            logger.info("listening on http://%s:%d, series in %s", host, port, settings.store)
            await server.serve([listener])
    finally:
        await store.close()


@asynccontextmanager
async def _running(pipeline: Pipeline, server: uvicorn.Server) -> AsyncIterator[None]:
    """The pipeline at work. Should it fail, the service ends, with what it failed on."""

    def end_service(_: "asyncio.Task[None]") -> None:
        server.should_exit = True

    task = asyncio.create_task(pipeline.run())
    task.add_done_callback(end_service)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _at_work(retention: Retention) -> AsyncIterator[None]:
    """Old series are deleted meanwhile."""
    task = asyncio.create_task(retention.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _uvicorn_config(app: object, stages: Stages) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        ws=web_socket.timed(stages, PUBLISH_PATH),
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # access units do not shrink, and bombs cannot grow
        ws_ping_interval=None,  # data and reports show life; a pong would cost the cap
        timeout_graceful_shutdown=CLOSE_S,
        log_config=None,
        access_log=False,
        lifespan="off",
    )


class _Server(uvicorn.Server):
    """uvicorn, but publishers and subscribers are told before their connections go."""

    def __init__(self, config: uvicorn.Config, ingest: Ingest, hub: Hub) -> None:
        super().__init__(config)
        self._ingest = ingest
        self._hub = hub

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but a signal is not raised again afterwards: the store is still open."""
        with signals.on_stop(lambda: self.handle_exit(signal.SIGTERM, None)):
            yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        logger.info("draining")
        self._ingest.drain()
        await self._ingest.drained(DRAIN_S)
        self._hub.close()
        await super().shutdown(sockets)

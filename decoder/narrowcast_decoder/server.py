"""The service as a process: store, pipeline and web server, started and ended in order."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from narrowcast_decoder import web_socket
from narrowcast_decoder.app import create_app
from narrowcast_decoder.hub import Hub
from narrowcast_decoder.inference.reader import FrameReader
from narrowcast_decoder.inference.workers import (
    ModelChoice,
    WorkerProcesses,
    Workers,
    WorkerThread,
)
from narrowcast_decoder.ingest.endpoint import Ingest
from narrowcast_decoder.ingest.registry import Registry
from narrowcast_decoder.metrics import Metrics
from narrowcast_decoder.pipeline import Pipeline
from narrowcast_decoder.preview.maker import FaceMaker
from narrowcast_decoder.preview.previews import Previews
from narrowcast_decoder.preview.restorer import Restorer
from narrowcast_decoder.security import assembly, http_protocol
from narrowcast_decoder.security.assembly import Security
from narrowcast_decoder.security.listener import GuardedListener
from narrowcast_decoder.series_home import open_home
from narrowcast_decoder.service import Service
from narrowcast_decoder.settings import DecoderSettings
from narrowcast_decoder.store.retention import Retention
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared import open_files, signals
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.model_name import ModelName
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
    security = assembly.assemble(settings, settings.host, SystemClock())
    listener = _listen(settings, security)
    recogniser = Recogniser.load(
        settings.model, settings.precision, settings.device, settings.threads
    )
    _collect_less()
    asyncio.run(_serve(settings, listener, recogniser, security))


def _collect_less() -> None:
    """Spare the garbage collector what stays to the end, and most of its rounds.

    At CPython's threshold it takes 7 % of the time under load, and finds next to nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)


def _listen(settings: DecoderSettings, security: Security) -> socket.socket:
    """A bound socket: a port in use is one clear line, before anything else is started."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = GuardedListener(family, socket.SOCK_STREAM)
    listener.guard(security.door, security.clock, plain=security.tls is None)
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
    settings: DecoderSettings,
    listener: socket.socket,
    recogniser: Recogniser,
    security: Security,
) -> None:
    clock, metrics = SystemClock(), Metrics()
    home = await open_home(settings, ModelName(name=settings.model, sha256=recogniser.sha256))
    logger.info("%s is read by %s", settings.model, recogniser.backend)
    store, hub = home.store, home.hub
    faces = FaceMaker(Restorer.of(settings.model))
    try:
        workers = _workers(settings, recogniser, metrics)
        pipeline = Pipeline(workers, store, hub, clock, metrics)
        registry = Registry(store, hub, clock, previews=settings.preview)
        ingest = Ingest(registry, pipeline, clock, metrics, security.limits)
        service = Service(
            store,
            hub,
            registry.live,
            settings.model,
            store_health=pipeline.store_health,
            clock=clock,
            evict=registry.evict,
            metrics=metrics,
            queued_frames=lambda: pipeline.queued,
            is_reading=lambda: pipeline.is_running and not workers.is_failing,
            is_draining=lambda: ingest.is_draining,
            model_sha256=recogniser.sha256,
            previews=Previews(registry, faces) if settings.preview else None,
        )
        retention = Retention(store, settings.limits, registry.live, clock, hub.end)
        app = create_app(service)
        app.add_api_websocket_route(PUBLISH_PATH, ingest.publish)
        server = _Server(_uvicorn_config(app, security), ingest, hub)
        async with (
            home.at_work(registry.lost),
            _running(pipeline, server),
            _at_work(retention),
            security.watching(),
        ):
            host, port = listener.getsockname()[:2]
            scheme = "http" if security.tls is None else "https"
            host = f"[{host}]" if ":" in host else host
            logger.info("listening on %s://%s:%d, series in %s", scheme, host, port, home.shown)
            await server.serve([listener])
    finally:
        faces.close()
        await store.close()


def _workers(settings: DecoderSettings, recogniser: Recogniser, metrics: Metrics) -> Workers:
    """Who reads: `recogniser` on a thread, or processes that load the same."""
    if settings.workers == 1:
        return WorkerThread(FrameReader(recogniser))
    logger.info("%d processes read", settings.workers)
    choice = ModelChoice(
        settings.model,
        settings.precision,
        settings.device,
        settings.threads,
        settings.log_format,
    )
    return WorkerProcesses(settings.workers, choice, metrics)


@asynccontextmanager
async def _running(pipeline: Pipeline, server: uvicorn.Server) -> AsyncIterator[None]:
    """The pipeline at work, and warm. Should it fail, the service ends, with what it failed on."""

    def end_service(_: "asyncio.Task[None]") -> None:
        server.should_exit = True

    task = asyncio.create_task(pipeline.run())
    task.add_done_callback(end_service)
    warm = asyncio.create_task(pipeline.warm.wait())
    try:
        await asyncio.wait({task, warm}, return_when=asyncio.FIRST_COMPLETED)
        yield
    finally:
        warm.cancel()
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


def _uvicorn_config(app: ASGIApp, security: Security) -> uvicorn.Config:
    return _Config(
        security,
        security.guarded(app),
        http=http_protocol.bounded(security.limits),
        h11_max_incomplete_event_size=http_protocol.MAX_HEAD_BYTES,
        ws=web_socket.BoundedWebSocket,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # access units do not shrink, and bombs cannot grow
        ws_ping_interval=None,  # data and reports show life; a pong would cost the cap
        timeout_graceful_shutdown=CLOSE_S,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the gate has its own list of proxies to believe
        lifespan="off",
    )


class _Config(uvicorn.Config):
    """uvicorn's, with a TLS context that was made before anything was started."""

    def __init__(self, security: Security, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **named)
        self._tls = security.tls

    def load(self) -> None:
        super().load()
        self.ssl = self._tls


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

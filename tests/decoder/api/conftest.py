"""A real decoder's read side over loopback: uvicorn on an ephemeral port, a store in a file."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn

from narrowcast_decoder.app import create_app
from narrowcast_decoder.hub import Hub
from narrowcast_decoder.service import Patience, Service
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_shared.model_name import ModelName
from narrowcast_shared.samples import Sample

PATIENCE = Patience(heartbeat_s=0.1, send_s=0.5)
OA = ModelName(name="oa", sha256="ab" * 32)


@dataclass
class Running:
    """A running service, seen from both sides."""

    service: Service
    client: httpx.AsyncClient
    authority: str
    live: set[str] = field(default_factory=set)

    async def publish(self, samples: list[Sample]) -> None:
        """As the publishing side does: store first, then hub."""
        await self.service.store.append(samples)
        self.service.hub.publish(samples)

    async def end(self, session: str) -> None:
        await self.service.store.note_ended(session, 1.0, "finished")
        self.service.hub.end(session)

    async def has_subscribers(self, count: int) -> None:
        """Wait until exactly `count` follow a series."""
        for _ in range(9000):
            if len(self.service.hub) == count:
                return
            await asyncio.sleep(0.01)
        pytest.fail(f"there are {len(self.service.hub)} subscribers, not {count}")

    def ws(self, path: str) -> str:
        return f"ws://{self.authority}{path}"


Scenario = Callable[[Running], Awaitable[None]]
Serve = Callable[[Scenario], None]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Runs a scenario against a service of its own, all in one event loop."""
    return lambda scenario: asyncio.run(_serve(tmp_path / "series.sqlite", scenario))


async def _serve(path: Path, scenario: Scenario) -> None:
    live: set[str] = set()
    store, hub = await SqliteStore.open(path, busy_timeout_s=0.1, model=OA), Hub()
    service = Service(
        store, hub, lambda: live, model="oa", model_sha256=OA.sha256, patience=PATIENCE
    )
    listening = socket.create_server(("127.0.0.1", 0))
    authority = f"127.0.0.1:{listening.getsockname()[1]}"
    config = uvicorn.Config(
        create_app(service),
        log_config=None,
        lifespan="off",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listening]))
    try:
        async with httpx.AsyncClient(base_url=f"http://{authority}", timeout=90) as client:
            await scenario(Running(service, client, authority, live))
    finally:
        hub.close()
        server.should_exit = True
        await serving
        await store.close()

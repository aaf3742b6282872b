"""A face is seen at the decoder that its encoder is connected to, and at no other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx

from narrowcast_decoder.app import create_app
from narrowcast_decoder.bus.home import BusHome
from narrowcast_decoder.ingest.registry import Registry
from narrowcast_decoder.preview.maker import FaceMaker
from narrowcast_decoder.preview.previews import Previews
from narrowcast_decoder.preview.restorer import Restorer
from narrowcast_decoder.service import Service
from narrowcast_lab.bus_server import BusServer
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.wire.messages import Capability, Hello

ALLOWED = Hello("cam", b"12345678", 0, 200, Capability.PREVIEW)


class Decoder(NamedTuple):
    """Registry and API of one decoder."""

    registry: Registry
    client: httpx.AsyncClient

    async def kind(self) -> str:
        """Of the problem that there is instead of a face; "" where there is none just now."""
        answer = await self.client.get("/v1/sessions/cam/face")
        if answer.status_code == 204:
            return ""
        assert answer.status_code == 404
        return str(answer.json()["type"]).rpartition(":")[2]

    async def may_be_seen(self) -> bool:
        answer = await self.client.get("/v1/sessions/cam")
        return bool(answer.json()["preview"])


@asynccontextmanager
async def decoder(server: BusServer) -> AsyncIterator[Decoder]:
    home = await BusHome.open(server.url)
    maker = FaceMaker(Restorer.of("oa"))
    registry = Registry(home.store, home.hub, SystemClock())
    service = Service(
        home.store,
        home.hub,
        registry.live,
        model="oa",
        previews=Previews(registry, maker),
    )
    transport = httpx.ASGITransport(create_app(service))
    async with (
        home.at_work(registry.lost),
        httpx.AsyncClient(transport=transport, base_url="http://decoder") as client,
    ):
        try:
            yield Decoder(registry, client)
        finally:
            maker.close()
            await home.store.close()


def test_another_decoder_says_that_the_face_is_elsewhere(server: BusServer) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(90), decoder(server) as here, decoder(server) as there:
            assert await there.kind() == "unknown-session"
            claim = await here.registry.claim(ALLOWED)
            assert await here.kind() == ""
            assert await there.kind() == "session-elsewhere"
            assert (await here.may_be_seen(), await there.may_be_seen()) == (True, False)
            taken = await there.registry.claim(ALLOWED._replace(capabilities=Capability.NONE))
            assert await there.kind() == "preview-not-allowed"
            await asyncio.wait_for(claim.session.over.wait(), 90)
            await here.registry.release(claim, finished=False)
            assert await here.kind() == "session-elsewhere"
            await there.registry.release(taken, finished=True)
            assert await here.kind() == await there.kind() == ""

    asyncio.run(scenario())

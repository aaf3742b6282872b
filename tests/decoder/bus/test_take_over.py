"""A session's publisher at another decoder: who is told, and what becomes of frames under way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from narrowcast_decoder.bus.home import BusHome
from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.inference.reader import FrameReader
from narrowcast_decoder.inference.workers import WorkerThread
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.ingest.live import DELETED, REPLACED
from narrowcast_decoder.ingest.registry import Claim, Registry
from narrowcast_decoder.pipeline import Pipeline
from narrowcast_decoder.store.health import StoreCondition
from narrowcast_decoder.store.interface import SessionState
from narrowcast_lab.bus_server import BusServer
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.wire.messages import Hello

HELLO = Hello("cam", b"12345678", 0, 200)


class Decoder(NamedTuple):
    """A decoder without its web server."""

    home: BusHome
    registry: Registry
    pipeline: Pipeline

    def publish(self, claim: Claim, first: int, count: int) -> None:
        """Frames of this publisher."""
        frames = [
            TakenFrame(seq, 1_000_000 + 40_000 * seq, Fate.NO_FACE, 0)
            for seq in range(first, first + count)
        ]
        self.pipeline.submit(claim.session, RungContexts(late=False, session="cam"), frames)

    async def seqs(self) -> list[int]:
        return [sample.seq for sample in await self.home.store.read("cam")]


Test = Callable[[Decoder, Decoder], Awaitable[None]]


def deaf(session: str, hold: int, *, deleted: bool) -> None:
    """Hears nothing of other decoders: what keeps it from writing is the store alone."""


@asynccontextmanager
async def decoder(server: BusServer, *, is_deaf: bool) -> AsyncIterator[Decoder]:
    home, clock = await BusHome.open(server.url), SystemClock()
    network = OneForAll(OneForAllConfig(widths=(8, 8, 8), blocks=(1, 1, 1)))
    workers = WorkerThread(FrameReader(TorchRecogniser(network)))
    registry = Registry(home.store, home.hub, clock)
    pipeline = Pipeline(workers, home.store, home.hub, clock)
    async with home.at_work(deaf if is_deaf else registry.lost):
        running = asyncio.create_task(pipeline.run())
        try:
            yield Decoder(home, registry, pipeline)
        finally:
            running.cancel()
            await asyncio.wait({running})
            await home.store.close()


def run(server: BusServer, test: Test, *, is_deaf: bool = False) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(90), AsyncExitStack() as stack:
            both = [
                await stack.enter_async_context(decoder(server, is_deaf=is_deaf)) for _ in range(2)
            ]
            await test(*both)

    asyncio.run(scenario())


def test_a_publisher_goes_on_at_another_decoder(server: BusServer) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        first = await a.registry.claim(HELLO)
        a.publish(first, 0, 10)
        await first.session.drained()
        second = await b.registry.claim(HELLO)
        assert (second.session.next_seq, second.session.next_id) == (10, 11)
        await first.session.over.wait()
        assert first.session.verdict == REPLACED
        b.publish(second, 10, 10)
        await second.session.drained()
        assert await b.seqs() == list(range(20))
        await a.registry.release(first, finished=False)
        summary = await a.home.store.summary("cam")
        assert summary is not None
        assert summary.state is SessionState.LIVE

        again = await a.registry.claim(HELLO)
        assert again.session is not first.session
        assert again.session.next_seq == 20
        await b.registry.release(second, finished=True)  # too late: it is no longer its own
        assert second.session.verdict == REPLACED
        await a.registry.release(again, finished=True)
        summary = await b.home.store.summary("cam")
        assert summary is not None
        assert summary.state is SessionState.ENDED

    run(server, test)


def test_frames_under_way_at_the_decoder_before_are_refused(server: BusServer) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        first = await a.registry.claim(HELLO)
        a.publish(first, 0, 10)
        await first.session.drained()
        second = await b.registry.claim(HELLO)
        a.publish(first, 10, 5)
        await first.session.drained()
        assert first.session.verdict == REPLACED
        assert first.session.stored_seq == 10
        b.publish(second, 10, 3)
        await second.session.drained()
        assert await b.seqs() == list(range(13))
        assert a.pipeline.store_health.condition is StoreCondition.WORKING

    run(server, test, is_deaf=True)


def test_who_comes_back_is_not_taken_for_who_left(server: BusServer) -> None:
    """1. At A. 2. At B. 3. At A again, which has not heard of B and still has frames of before."""

    async def test(a: Decoder, b: Decoder) -> None:
        first = await a.registry.claim(HELLO)
        a.publish(first, 0, 4)
        await first.session.drained()
        second = await b.registry.claim(HELLO)
        b.publish(second, 4, 4)
        await second.session.drained()
        a.publish(first, 4, 2)
        third = await a.registry.claim(HELLO)
        assert third.session is not first.session
        a.publish(third, 8, 4)
        await third.session.drained()
        await first.session.drained()
        assert first.replaced.is_set()
        assert await a.seqs() == list(range(12))

    run(server, test, is_deaf=True)


def test_one_that_reconnects_to_the_same_decoder_keeps_what_is_under_way(
    server: BusServer,
) -> None:
    async def test(a: Decoder, _: Decoder) -> None:
        first = await a.registry.claim(HELLO)
        a.publish(first, 0, 50)
        second = await a.registry.claim(HELLO)
        assert second.session is first.session
        a.publish(second, 50, 50)
        await second.session.drained()
        assert await a.seqs() == list(range(100))

    run(server, test)


def test_a_deletion_elsewhere_sends_the_publisher_away(server: BusServer) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        claim = await a.registry.claim(HELLO)
        a.publish(claim, 0, 10)
        await claim.session.drained()
        await b.home.store.delete("cam")
        await claim.session.over.wait()
        assert claim.session.verdict == DELETED
        await a.registry.release(claim, finished=True)
        assert await b.home.store.summary("cam") is None

    run(server, test)


def test_frames_under_way_do_not_bring_a_deleted_session_back(server: BusServer) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        claim = await a.registry.claim(HELLO)
        a.publish(claim, 0, 10)
        await claim.session.drained()
        await b.home.store.delete("cam")
        a.publish(claim, 10, 10)
        await claim.session.drained()
        assert claim.session.verdict == DELETED
        assert await b.home.store.summary("cam") is None

    run(server, test, is_deaf=True)


def test_a_session_that_begins_anew_is_not_ended_by_the_deletion_before(
    server: BusServer,
) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        await a.registry.release(await a.registry.claim(HELLO), finished=True)
        await b.home.store.delete("cam")
        claim = await a.registry.claim(HELLO)
        await b.home.store.append([])
        a.publish(claim, 0, 3)
        await claim.session.drained()
        await asyncio.sleep(0.1)
        assert not claim.session.over.is_set()
        assert await b.seqs() == [0, 1, 2]

    run(server, test)

"""Series that are published at one decoder and followed at another."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import pytest

from narrowcast_decoder.bus.home import BusHome
from narrowcast_decoder.hub import FeedState
from narrowcast_decoder.series import Follower
from narrowcast_lab.bus_server import BusServer
from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]


class Lost(NamedTuple):
    session: str
    hold: int
    deleted: bool


class Decoder(NamedTuple):
    """What a decoder has of the bus."""

    home: BusHome
    lost: list[Lost]

    def follower(self, session: str, after_id: int = 0, *, wait: bool = False) -> Follower:
        return Follower(self.home.store, self.home.hub, session, after_id, wait=wait)


Test = Callable[[Decoder, Decoder], Awaitable[None]]


@asynccontextmanager
async def decoder(server: BusServer) -> AsyncIterator[Decoder]:
    home, lost = await BusHome.open(server.url), list[Lost]()

    def on_lost(session: str, hold: int, *, deleted: bool) -> None:
        lost.append(Lost(session, hold, deleted))

    try:
        async with home.at_work(on_lost):
            yield Decoder(home, lost)
    finally:
        await home.store.close()


def run(server: BusServer, test: Test) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(90), AsyncExitStack() as stack:
            both = [await stack.enter_async_context(decoder(server)) for _ in range(2)]
            await test(*both)

    asyncio.run(scenario())


async def collect(follower: Follower, count: int) -> list[Sample]:
    """Its next samples, at least so many, or all there are."""
    found: list[Sample] = []
    while len(found) < count and not follower.is_over:
        found += await follower.next_page()
    return found


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(9000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come to that")


def test_a_session_is_followed_at_another_decoder_to_its_end(
    server: BusServer, series: Series
) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        hold = await a.home.store.note_started("s", 1000.0)
        await a.home.store.append(series("s", 10), {"s": hold})
        with b.follower("s") as far, a.follower("s") as near:
            assert await collect(far, 10) == await collect(near, 10) == series("s", 10)
            for sample in series("s", 40, first_id=11):
                await a.home.store.append([sample], {"s": hold})
            assert await collect(far, 40) == series("s", 40, first_id=11)
            assert await collect(near, 40) == series("s", 40, first_id=11)
            await a.home.store.note_ended("s", 1001.0, "finished", hold)
            for follower in (far, near):
                assert await follower.next_page() == []
                assert follower.session_ended

    run(server, test)


def test_who_moves_to_another_decoder_goes_on_after_the_last_id(
    server: BusServer, series: Series
) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        async def publish() -> None:
            for start in range(1, 401, 4):
                await a.home.store.append(series("s", 4, first_id=start))
                await asyncio.sleep(0)

        publishing = asyncio.create_task(publish())
        found: list[Sample] = []
        for here in (a, b, a, b):
            with here.follower("s", found[-1].id if found else 0, wait=True) as follower:
                found += await collect(follower, 90)
        await publishing
        with b.follower("s", found[-1].id) as follower:
            found += await collect(follower, 400 - len(found))
        assert found == series("s", 400)

    run(server, test)


def test_many_follow_by_one_subscription(server: BusServer, series: Series) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        await a.home.store.append(series("s", 1))
        followers = [b.follower("s") for _ in range(20)]
        for follower in followers:
            await follower.next_page()
        channels = await a.home.store.client.call("PUBSUB", "CHANNELS", "narrowcast:0:live:*")
        assert channels == [b"narrowcast:0:live:s"]
        (_, subscribers) = await a.home.store.client.call("PUBSUB", "NUMSUB", *channels)
        assert subscribers == 1

        await a.home.store.append(series("s", 3, first_id=2))
        for follower in followers:
            assert await collect(follower, 3) == series("s", 3, first_id=2)
            follower.__exit__(None, None, None)
        for _ in range(9000):  # nobody follows: nothing is sent here any more
            if not await a.home.store.client.call("PUBSUB", "CHANNELS", "narrowcast:0:live:*"):
                return
            await asyncio.sleep(0.01)
        pytest.fail("it is still subscribed to")

    run(server, test)


def test_who_comes_and_goes_and_comes_misses_nothing(server: BusServer, series: Series) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        for first_id in range(1, 60):
            with b.follower("s", first_id - 1, wait=True) as follower:
                taking = asyncio.create_task(follower.next_page())
                await asyncio.sleep(0)
                await a.home.store.append(series("s", 1, first_id=first_id))
                assert await taking == series("s", 1, first_id=first_id)

    run(server, test)


def test_a_deletion_ends_followers_everywhere(server: BusServer, series: Series) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        hold = await a.home.store.note_started("s", 1000.0)
        await a.home.store.append(series("s", 5), {"s": hold})
        with b.follower("s") as far, a.follower("s") as near:
            await far.next_page()
            await near.next_page()
            await b.home.store.delete("s")
            assert await far.next_page() == await near.next_page() == []
            assert far.session_ended
            assert near.session_ended
        await until(lambda: Lost("s", hold, True) in a.lost)

    run(server, test)


def test_every_decoder_hears_of_a_hold_that_was_taken(server: BusServer) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        first = await a.home.store.note_started("s", 1000.0)
        await a.home.store.note_started("s", 1000.0, first)
        second = await b.home.store.note_started("s", 1000.0)
        taken = [Lost("s", first, False), Lost("s", second, False)]
        await until(lambda: a.lost == b.lost == taken)

    run(server, test)


def test_who_falls_behind_joins_anew(server: BusServer, series: Series) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        await a.home.store.append(series("s", 1))
        with b.follower("s") as follower:
            await follower.next_page()
            await a.home.store.append(series("s", 3000, first_id=2))  # more than its queue holds
            await a.home.store.append(series("s", 10, first_id=3002))
            assert await collect(follower, 3010) == series("s", 3010, first_id=2)[:3010]

    run(server, test)


def test_something_else_on_a_channel_does_no_harm(server: BusServer, series: Series) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        await a.home.store.append(series("s", 1))
        with b.follower("s") as follower:
            await follower.next_page()
            for channel in ("narrowcast:0:live:s", "narrowcast:0:events"):
                for text in ("", "hello", "2\nhello", "taken x y", "\xff", "9\n[0,1]"):
                    await a.home.store.client.call("PUBLISH", channel, text)
            await a.home.store.append(series("s", 2, first_id=2))
            assert await collect(follower, 2) == series("s", 2, first_id=2)
            assert b.lost == []

    run(server, test)


def test_a_connection_that_is_cut_costs_nobody_a_sample(server: BusServer, series: Series) -> None:
    async def test(a: Decoder, b: Decoder) -> None:
        await a.home.store.append(series("s", 1))
        with b.follower("s") as follower, b.home.hub.subscribe("s") as feed:
            await follower.next_page()
            await a.home.store.client.call("CLIENT", "KILL", "TYPE", "pubsub")
            await a.home.store.append(series("s", 5, first_id=2))
            assert await collect(follower, 5) == series("s", 5, first_id=2)
            assert feed.state is FeedState.OVERFLOWED
            await a.home.store.append(series("s", 5, first_id=7))
            assert await collect(follower, 5) == series("s", 5, first_id=7)

    run(server, test)

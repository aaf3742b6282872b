"""Fan-out: who gets what, and what happens to those who fall behind."""

import asyncio
from collections.abc import Awaitable, Callable

from narrowcast_decoder.hub import FeedState, Hub
from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]


def run(test: Callable[[Hub], Awaitable[None]], queue_samples: int = 8) -> None:
    async def scenario() -> None:
        await test(Hub(queue_samples))

    asyncio.run(scenario())


def test_a_subscriber_gets_its_session_and_the_rest_nothing(series: Series) -> None:
    async def test(hub: Hub) -> None:
        with hub.subscribe("a") as a, hub.subscribe("b") as b:
            hub.publish([*series("a", 2), *series("c", 1)])

            assert await a.take() == series("a", 2)
            assert await b.take(idle_s=0) == []
            assert b.state is FeedState.OPEN

    run(test)


def test_take_waits_for_the_first_sample(series: Series) -> None:
    async def test(hub: Hub) -> None:
        with hub.subscribe("a") as feed:
            taking = asyncio.create_task(feed.take())
            await asyncio.sleep(0)
            assert not taking.done()
            hub.publish(series("a", 1))
            assert await taking == series("a", 1)

    run(test)


def test_take_gives_up_after_a_while_and_loses_nothing(series: Series) -> None:
    async def test(hub: Hub) -> None:
        with hub.subscribe("a") as feed:
            assert await feed.take(idle_s=0.01) == []
            hub.publish(series("a", 1))
            assert await feed.take(idle_s=0.01) == series("a", 1)

    run(test)


def test_who_falls_behind_is_dropped_and_the_others_are_not(series: Series) -> None:
    async def test(hub: Hub) -> None:
        with hub.subscribe("a") as slow, hub.subscribe("a") as quick:
            hub.publish(series("a", 8))
            assert await quick.take() == series("a", 8)
            hub.publish(series("a", 1, first_id=9))

            assert slow.state is FeedState.OVERFLOWED
            assert await slow.take() == []
            assert await quick.take() == series("a", 1, first_id=9)
            assert len(hub) == 1

    run(test)


def test_more_at_once_than_a_queue_holds_overflows_it(series: Series) -> None:
    async def test(hub: Hub) -> None:
        with hub.subscribe("a") as feed:
            hub.publish(series("a", 9))
            assert await feed.take() == []
            assert feed.state is FeedState.OVERFLOWED

    run(test)


def test_the_end_of_a_session_comes_after_its_last_sample(series: Series) -> None:
    async def test(hub: Hub) -> None:
        with hub.subscribe("a") as a, hub.subscribe("b") as b:
            hub.publish(series("a", 3))
            hub.end("a")

            assert await a.take() == series("a", 3)
            assert await a.take() == []
            assert a.state is FeedState.SESSION_ENDED
            assert b.state is FeedState.OPEN

    run(test)


def test_closing_ends_every_subscription_after_what_is_queued(series: Series) -> None:
    async def test(hub: Hub) -> None:
        with hub.subscribe("a") as feed, hub.subscribe("a") as idle:
            waiting = asyncio.create_task(idle.take())
            hub.publish(series("a", 3))
            await waiting
            waiting = asyncio.create_task(idle.take())
            await asyncio.sleep(0)
            hub.close()

            assert await waiting == []
            assert await feed.take() == series("a", 3)
            assert await feed.take() == []
            assert feed.state is FeedState.CLOSED
        assert await hub.subscribe("a").take() == []
        assert len(hub) == 0

    run(test)


def test_who_leaves_is_forgotten(series: Series) -> None:
    async def test(hub: Hub) -> None:
        with hub.subscribe("a"), hub.subscribe("b"):
            assert len(hub) == 2
        assert len(hub) == 0
        hub.publish(series("a", 1))

    run(test)

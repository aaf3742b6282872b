"""Several decoders on one bus: who writes, who is live, whose turn it is."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from narrowcast_decoder.bus.address import parse_bus
from narrowcast_decoder.bus.valkey_store import ValkeyStore
from narrowcast_decoder.store.interface import HoldLostError, SeriesConflictError, SessionState
from narrowcast_lab.bus_server import BusServer
from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]
Test = Callable[[ValkeyStore, ValkeyStore], Awaitable[None]]


def run(server: BusServer, test: Test) -> None:
    async def scenario() -> None:
        address = parse_bus(server.url)
        a, b = await ValkeyStore.open(address), await ValkeyStore.open(address)
        try:
            async with asyncio.timeout(90):
                await test(a, b)
        finally:
            await a.close()
            await b.close()

    asyncio.run(scenario())


async def state(store: ValkeyStore, session: str) -> SessionState:
    summary = await store.summary(session)
    assert summary is not None
    return summary.state


def test_a_decoder_that_was_paused_cannot_write_any_more(server: BusServer, series: Series) -> None:
    """1. A publishes. 2. The publisher goes to B. 3. A wakes up with frames of before."""

    async def test(a: ValkeyStore, b: ValkeyStore) -> None:
        old = await a.note_started("s", 1000.0)
        await a.append(series("s", 5), {"s": old})
        new = await b.note_started("s", 1001.0)

        with pytest.raises(HoldLostError):
            await a.append(series("s", 3, first_id=6), {"s": old})
        await b.append(series("s", 2, first_id=6), {"s": new})
        with pytest.raises(HoldLostError):
            await a.append(series("s", 2, first_id=6), {"s": old})
        with pytest.raises(HoldLostError):
            await a.note_ended("s", 1002.0, "finished", old)
        await a.note_left("s", old)

        assert await a.read("s") == await b.read("s") == series("s", 7)
        assert await state(a, "s") is SessionState.LIVE

    run(server, test)


def test_of_two_that_write_at_once_one_alone_succeeds(server: BusServer, series: Series) -> None:
    async def test(a: ValkeyStore, b: ValkeyStore) -> None:
        other = [sample.model_copy(update={"latency_ms": 1.0}) for sample in series("s", 50)]
        told = await asyncio.gather(
            a.append(series("s", 50)), b.append(other), return_exceptions=True
        )
        assert sorted(isinstance(each, SeriesConflictError) for each in told) == [False, True]
        assert await a.read("s") in (series("s", 50), other)

    run(server, test)


def test_sessions_are_live_as_long_as_their_decoder(
    server: BusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrowcast_decoder.bus.valkey_store.LIFE_MS", 1500)

    async def test(a: ValkeyStore, b: ValkeyStore) -> None:
        await a.note_started("s", 1000.0)
        for _ in range(4):
            await asyncio.sleep(0.45)
            await a.live_on()
        assert await state(b, "s") is SessionState.LIVE
        await asyncio.sleep(2.5)  # it is paused, or was killed
        assert await state(b, "s") is SessionState.INTERRUPTED
        await a.live_on()
        assert await state(b, "s") is SessionState.LIVE
        await a.close()
        assert await state(b, "s") is SessionState.INTERRUPTED

    run(server, test)


def test_a_session_is_live_where_it_was_taken_last(server: BusServer) -> None:
    async def test(a: ValkeyStore, b: ValkeyStore) -> None:
        await a.note_started("s", 1000.0)
        await b.note_started("s", 1001.0)
        await a.close()
        assert await state(b, "s") is SessionState.LIVE

    run(server, test)


def test_a_bus_that_has_lost_its_last_writes_goes_on_with_the_newest_hold(
    server: BusServer, series: Series
) -> None:
    """As after a loss of power: the hold that was given out last is not known any more."""

    async def test(a: ValkeyStore, b: ValkeyStore) -> None:
        old = await a.note_started("s", 1000.0)
        new = await b.note_started("s", 1001.0)
        await a.client.call("HSET", "narrowcast:session:s", "hold", old)
        await b.append(series("s", 3), {"s": new})
        with pytest.raises(HoldLostError):
            await a.append(series("s", 1, first_id=4), {"s": old})
        await b.note_ended("s", 1002.0, "finished", new)

    run(server, test)


def test_a_session_that_was_lost_is_not_taken_for_one_that_was_deleted(
    server: BusServer, series: Series
) -> None:
    """A publisher whose session was deleted is sent away for good, and this one may come back."""

    async def test(a: ValkeyStore, _: ValkeyStore) -> None:
        hold = await a.note_started("s", 1000.0)
        await a.append(series("s", 3), {"s": hold})
        server.clear()
        for refused in (
            a.append(series("s", 1, first_id=4), {"s": hold}),
            a.note_ended("s", 1001.0, "finished", hold),
        ):
            with pytest.raises(SeriesConflictError, match="has lost session 's'") as caught:
                await refused
            assert not isinstance(caught.value, HoldLostError)
        again = await a.note_started("s", 1002.0, hold)
        assert again > hold
        await a.append(series("s", 3), {"s": again})

    run(server, test)


def test_one_decoder_at_a_time_has_the_turn(server: BusServer) -> None:
    async def test(a: ValkeyStore, b: ValkeyStore) -> None:
        assert await a.take_turn("retention", 1.0)
        assert not await b.take_turn("retention", 60.0)
        await asyncio.sleep(1.5)
        assert await b.take_turn("retention", 60.0)
        assert not await a.take_turn("retention", 60.0)

    run(server, test)


def test_databases_of_one_server_are_apart(server: BusServer, series: Series) -> None:
    async def scenario() -> None:
        first = await ValkeyStore.open(parse_bus(server.url))
        other = await ValkeyStore.open(parse_bus(server.url.removesuffix("0") + "1"))
        await first.append(series("s", 3))
        assert await other.summary("s") is None
        await first.close()
        await other.close()

    asyncio.run(scenario())


def test_what_a_sample_takes(server: BusServer, series: Series) -> None:
    """docs/scale.md says so many bytes."""

    async def test(a: ValkeyStore, _: ValkeyStore) -> None:
        made = [
            sample.model_copy(
                update={
                    "valence": None if sample.valence is None else round(sample.valence, 5),
                    "sigma": None if sample.sigma is None else round(sample.sigma, 5),
                    "t": round(sample.t, 6),
                    "latency_ms": round(sample.latency_ms or 0, 1),
                }
            )
            for sample in series("s", 9000)
        ]
        for start in range(0, len(made), 25):
            await a.append(made[start : start + 25])
        used = await a.usage()
        assert used.samples == 9000
        assert 50 < used.bytes / used.samples < 100

    run(server, test)

"""A bus that is killed, paused, full or wrong: nothing acknowledged is lost, and errors say why."""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from narrowcast_decoder.bus.address import parse_bus
from narrowcast_decoder.bus.home import BusHome
from narrowcast_decoder.bus.valkey_store import ValkeyStore
from narrowcast_decoder.series import Follower
from narrowcast_decoder.store.interface import SessionState, StoreBusyError
from narrowcast_lab import bus_server
from narrowcast_lab.bus_server import BusServer
from narrowcast_shared.errors import NarrowcastError, StoreError
from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[BusServer]:
    """One that the test may end."""
    with bus_server.running(tmp_path, "always") as server:
        yield server


def nobody(session: str, hold: int, *, deleted: bool) -> None:
    """No publisher is here to be told."""


class Publisher:
    """Appends as the pipeline does: until the store takes it."""

    def __init__(self, store: ValkeyStore) -> None:
        self.refused = 0
        self._store = store

    async def publish(self, samples: list[Sample]) -> None:
        hold = await self._store.note_started("s", 1000.0)
        for start in range(0, len(samples), 4):
            page = samples[start : start + 4]
            await self._insist(lambda page=page: self._store.append(page, {"s": hold}))
        await self._insist(lambda: self._store.note_ended("s", 1001.0, "finished", hold))

    async def _insist(self, write: Callable[[], Awaitable[None]]) -> None:
        for _ in range(9000):
            try:
                return await write()
            except StoreBusyError:
                self.refused += 1
                await asyncio.sleep(0.02)
        return None


class Subscriber:
    """Reads as a client does: it connects again, after the last id that it has."""

    def __init__(self, home: BusHome) -> None:
        self.found: list[Sample] = []
        self._home = home

    async def follow(self) -> None:
        over = False
        while not over:
            try:
                over = await self._connection()
            except StoreBusyError:
                await asyncio.sleep(0.05)

    async def _connection(self) -> bool:
        """Until it breaks, or the session ends."""
        after_id = self.found[-1].id if self.found else 0
        with Follower(self._home.store, self._home.hub, "s", after_id, wait=True) as follower:
            while not follower.is_over:
                self.found += await follower.next_page()
            return follower.session_ended

    async def until(self, count: int) -> None:
        for _ in range(9000):
            if len(self.found) >= count:
                return
            await asyncio.sleep(0.005)


def test_a_bus_that_is_killed_twice_loses_and_doubles_nothing(
    own_server: BusServer, series: Series
) -> None:
    """1. Published and followed. 2. SIGKILL, in the middle. 3. Started again. 4. Once more."""
    made = series("s", 1200)

    async def scenario() -> None:
        a, b = await BusHome.open(own_server.url), await BusHome.open(own_server.url)
        publisher, subscriber = Publisher(a.store), Subscriber(b)

        async def disturb() -> None:
            for count in (300, 700):
                await subscriber.until(count)
                own_server.kill()
                await asyncio.sleep(0.1)
                await asyncio.to_thread(own_server.start)

        async with asyncio.timeout(90), a.at_work(nobody), b.at_work(nobody):
            await asyncio.gather(publisher.publish(made), subscriber.follow(), disturb())
            stored = await b.store.read("s", limit=2000)
        await a.store.close()
        await b.store.close()
        assert stored == made
        assert subscriber.found == made
        assert publisher.refused > 0

    asyncio.run(scenario())


def test_a_bus_that_hangs_is_busy_and_comes_back(
    own_server: BusServer, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrowcast_decoder.bus.client.ANSWER_S", 0.3)

    async def scenario() -> None:
        store = await ValkeyStore.open(parse_bus(own_server.url))
        os.kill(own_server.pid, signal.SIGSTOP)
        with pytest.raises(StoreBusyError, match="does not answer"):
            await store.append(series("s", 3))
        os.kill(own_server.pid, signal.SIGCONT)
        await store.append(series("s", 3))  # the first one may have come through, too
        assert await store.read("s") == series("s", 3)
        await store.close()

    asyncio.run(scenario())


def test_a_bus_without_memory_takes_samples_again_once_some_are_deleted(
    own_server: BusServer, series: Series
) -> None:
    async def scenario() -> None:
        store = await ValkeyStore.open(parse_bus(own_server.url))
        hold = await store.note_started("live", 1000.0)
        await store.append(series("old", 3000))
        await store.client.call("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(StoreBusyError, match=r"has reached its maxmemory: give it more, or"):
            await store.append([*series("live", 3)], {"live": hold})
        with pytest.raises(StoreBusyError, match="maxmemory"):
            await store.check_writable()
        # What makes room, and what ends, works all the same.
        assert await store.trim("old", 1001) == 1000
        assert await store.delete("old")
        await store.note_ended("live", 1001.0, "finished", hold)
        await store.client.call("CONFIG", "SET", "maxmemory", "0")
        await store.append([*series("live", 3)], {"live": hold})
        summary = await store.summary("live")
        assert summary is not None
        assert (summary.state, summary.samples) == (SessionState.ENDED, 3)
        await store.close()

    asyncio.run(scenario())


def test_a_primary_that_has_become_a_replica_is_busy(own_server: BusServer, series: Series) -> None:
    async def scenario() -> None:
        store = await ValkeyStore.open(parse_bus(own_server.url))
        await store.client.call("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(StoreBusyError, match="is a replica, and takes no writes"):
            await store.append(series("s", 3))
        with pytest.raises(StoreError, match="is a replica: name the primary"):
            await ValkeyStore.open(parse_bus(own_server.url))
        await store.client.call("REPLICAOF", "NO", "ONE")
        await store.append(series("s", 3))
        await store.close()

    asyncio.run(scenario())


def opened(url: str) -> Awaitable[None]:
    async def scenario() -> None:
        await (await ValkeyStore.open(parse_bus(url))).close()

    return scenario()


def refused(url: str) -> str:
    with pytest.raises(NarrowcastError) as caught:
        asyncio.run(opened(url))  # type: ignore[arg-type]
    return str(caught.value)


def test_a_bus_that_is_not_there_is_one_clear_line(own_server: BusServer) -> None:
    own_server.stop()
    told = refused(own_server.url)
    assert told == (
        f"the bus {own_server.url} cannot be reached: start it, "
        "or check the address given with --bus"
    )


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[BusServer]:
    with bus_server.running(tmp_path, "no", "--requirepass", "opensesame") as server:
        yield server


def test_a_wrong_password_is_told_and_shown_to_nobody(locked: BusServer) -> None:
    _, address = locked.url.split("//")
    for user in ("", ":wrong@", "nobody:wrong@"):
        told = refused(f"redis://{user}{address}")
        assert f"the bus redis://{address} refuses its user or password" in told
        assert "wrong" not in told
    asyncio.run(opened(f"redis://:opensesame@{address}"))  # type: ignore[arg-type]


def test_a_user_who_may_not_do_what_is_needed_is_told(locked: BusServer) -> None:
    _, address = locked.url.split("//")

    async def allow() -> None:
        store = await ValkeyStore.open(parse_bus(f"redis://:opensesame@{address}"))
        rights = ("on", ">pass", "~narrowcast:*", "&narrowcast:*")
        await store.client.call("ACL", "SETUSER", "some", *rights, "+info", "+get")
        await store.client.call("ACL", "SETUSER", "all", *rights, "+@all")
        await store.close()

    asyncio.run(allow())
    assert "does not let its user do what is needed" in refused(f"redis://some:pass@{address}")
    asyncio.run(opened(f"redis://all:pass@{address}"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("info", "told"),
    [
        ({"redis_version": "6.2.14"}, "is version 6.2.14: Valkey, or Redis from 7.0 on"),
        ({"cluster_enabled": 1}, "is a cluster"),
        ({"role": "slave"}, "is a replica: name the primary"),
    ],
)
def test_what_cannot_carry_series_is_refused_at_the_start(
    server: BusServer, monkeypatch: pytest.MonkeyPatch, info: dict[str, object], told: str
) -> None:
    from narrowcast_decoder.bus.client import BusClient  # noqa: PLC0415

    call = BusClient.call

    async def pretend(client: BusClient, *command: str) -> object:
        answer = await call(client, *command)
        if command != ("INFO",):
            return answer
        if "redis_version" in info:
            del answer["valkey_version"]
        return answer | info

    monkeypatch.setattr(BusClient, "call", pretend)
    assert told in refused(server.url)


def test_series_of_another_format_are_left_alone(server: BusServer) -> None:
    async def scenario() -> None:
        store = await ValkeyStore.open(parse_bus(server.url))
        await store.client.call("SET", "narrowcast:format", "4")
        await store.close()

    asyncio.run(scenario())
    assert "have format 4, this release writes 3" in refused(server.url)


@pytest.mark.parametrize("before", ["1", "2"])
def test_series_of_a_format_before_go_on(server: BusServer, series: Series, before: str) -> None:
    async def scenario() -> None:
        store = await ValkeyStore.open(parse_bus(server.url))
        await store.client.call("SET", "narrowcast:format", before)
        await store.note_started("a", 1000.0)
        await store.client.call("HDEL", "narrowcast:session:a", "model_sha256")
        await store.append(series("a", 5))
        await store.close()
        store = await ValkeyStore.open(parse_bus(server.url))
        assert await store.read("a") == series("a", 5)
        assert await store.client.call("GET", "narrowcast:format") == b"3"
        summary = await store.summary("a")
        assert summary is not None
        assert summary.model_sha256 is None
        await store.close()

    asyncio.run(scenario())


def test_what_may_be_lost_is_warned_of(server: BusServer, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        store = await ValkeyStore.open(parse_bus(server.url))
        assert not caplog.messages
        changes = {"appendonly": "no", "maxmemory": "1G", "maxmemory-policy": "allkeys-lru"}
        for name, value in changes.items():
            await store.client.call("CONFIG", "SET", name, value)
        await (await ValkeyStore.open(parse_bus(server.url))).close()
        for name, value in {"appendonly": "yes", "maxmemory": "0"}.items():
            await store.client.call("CONFIG", "SET", name, value)
        await store.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(scenario())
    first, second = caplog.messages
    assert "keeps no append-only file: what is acknowledged is lost with it" in first
    assert "drops keys where memory is short (allkeys-lru)" in second

"""Who publishes a session, when stores fail and connections come and go."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from narrowcast_decoder.hub import FeedState, Hub
from narrowcast_decoder.ingest.gaps import Gap, Owed
from narrowcast_decoder.ingest.registry import Registry
from narrowcast_decoder.store.interface import SessionState
from narrowcast_decoder.store.sqlite import BUSY_TIMEOUT_S, SqliteStore
from narrowcast_shared.clock import ManualClock
from narrowcast_shared.errors import StoreError
from narrowcast_shared.samples import Sample, Status
from narrowcast_shared.wire.messages import Clock, Hello

HELLO = Hello("cam", b"12345678", 0, 200)
Scenario = Callable[[Registry, SqliteStore, Hub], Awaitable[None]]


def run(tmp_path: Path, scenario: Scenario) -> None:
    async def main() -> None:
        store, hub = await SqliteStore.open(tmp_path / "s.sqlite"), Hub()
        try:
            async with asyncio.timeout(90):
                await scenario(Registry(store, hub, ManualClock()), store, hub)
        finally:
            await store.close()

    asyncio.run(main())


def fail_once(store: SqliteStore, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def locked(*_: object) -> None:
        monkeypatch.undo()
        raise StoreError("the store is locked")

    monkeypatch.setattr(store, method, locked)


@pytest.mark.parametrize("method", ["note_started", "summary"])
def test_a_claim_that_the_store_refuses_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    async def scenario(registry: Registry, store: SqliteStore, _: Hub) -> None:
        fail_once(store, method, monkeypatch)
        with pytest.raises(StoreError):
            await registry.claim(HELLO)
        assert registry.live() == ()
        claim = await registry.claim(HELLO)
        fail_once(store, "note_started", monkeypatch)
        with pytest.raises(StoreError):
            await registry.claim(HELLO)
        assert not claim.replaced.is_set()
        assert registry.live() == ("cam",)

    run(tmp_path, scenario)


def test_the_offset_of_one_encoders_clock_is_not_taken_for_the_nexts(tmp_path: Path) -> None:
    async def scenario(registry: Registry, store: SqliteStore, _: Hub) -> None:
        first = await registry.claim(HELLO)
        first.session.told_clock(Clock(3_000_000, 10_000))
        second = await registry.claim(HELLO)
        assert second.session is first.session
        assert second.session.clock_offset_us == 0
        await registry.note_clock(second.session, last=True)
        summary = await store.summary("cam")
        assert summary is not None
        assert summary.clock_offset_ms is None
        second.session.told_clock(Clock(5000, 10_000))
        await registry.note_clock(second.session)
        summary = await store.summary("cam")
        assert summary is not None
        assert summary.clock_offset_ms == 5

    run(tmp_path, scenario)


def test_a_session_told_to_its_end_is_ended_and_forgotten(tmp_path: Path) -> None:
    async def scenario(registry: Registry, store: SqliteStore, hub: Hub) -> None:
        claim = await registry.claim(HELLO)
        with hub.subscribe("cam") as feed:
            await registry.release(claim, finished=True)
            assert feed.state is FeedState.SESSION_ENDED
        summary = await store.summary("cam")
        assert summary is not None
        assert summary.state is SessionState.ENDED
        assert registry.live() == ()
        again = await registry.claim(HELLO)
        assert again.session is not claim.session

    run(tmp_path, scenario)


def test_an_end_that_a_locked_store_does_not_take_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrowcast_decoder.ingest.registry.RETRY_S", 0.01)
    lock = sqlite3.connect(tmp_path / "s.sqlite", isolation_level=None)

    async def scenario(registry: Registry, store: SqliteStore, _: Hub) -> None:
        claim = await registry.claim(HELLO)
        lock.execute("BEGIN EXCLUSIVE")
        releasing = asyncio.create_task(registry.release(claim, finished=True))
        await asyncio.sleep(2 * BUSY_TIMEOUT_S)
        assert not releasing.done()
        lock.execute("ROLLBACK")
        await releasing
        summary = await store.summary("cam")
        assert summary is not None
        assert summary.state is SessionState.ENDED

    run(tmp_path, scenario)
    lock.close()


def test_an_end_is_given_up_with_the_patience_for_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrowcast_decoder.ingest.registry.PATIENCE_S", 0)
    lock = sqlite3.connect(tmp_path / "s.sqlite", isolation_level=None)

    async def scenario(registry: Registry, _: SqliteStore, __: Hub) -> None:
        claim = await registry.claim(HELLO)
        lock.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            await registry.release(claim, finished=True)

    run(tmp_path, scenario)
    lock.close()


def test_a_replaced_publisher_takes_nothing_from_its_successor(tmp_path: Path) -> None:
    async def scenario(registry: Registry, store: SqliteStore, _: Hub) -> None:
        first, second = await registry.claim(HELLO), await registry.claim(HELLO)
        assert first.replaced.is_set()
        await registry.release(first, finished=True)
        assert registry.live() == ("cam",)
        assert not second.replaced.is_set()
        summary = await store.summary("cam")
        assert summary is not None
        assert summary.state is SessionState.LIVE

    run(tmp_path, scenario)


def test_a_session_claimed_anew_while_its_last_frames_are_stored_stays(tmp_path: Path) -> None:
    async def scenario(registry: Registry, _: SqliteStore, __: Hub) -> None:
        first = await registry.claim(HELLO)
        first.session.taken(1, 1, 0)
        releasing = asyncio.create_task(registry.release(first, finished=True))
        await asyncio.sleep(0)
        second = await registry.claim(HELLO)
        assert second.session is first.session
        first.session.stored(1, 1)
        await releasing
        assert registry.live() == ("cam",)

    run(tmp_path, scenario)


def test_a_session_loaded_from_the_store_knows_what_it_lacks(tmp_path: Path) -> None:
    def sample(sample_id: int, seq: int) -> Sample:
        return Sample(id=sample_id, session="cam", seq=seq, t=seq / 25, status=Status.NO_FACE)  # type: ignore[call-arg]

    async def scenario(registry: Registry, store: SqliteStore, _: Hub) -> None:
        await store.append([sample(1, 0), sample(2, 5), sample(3, 9), sample(4, 6)])
        session = (await registry.claim(HELLO)).session
        assert (session.next_seq, session.next_id, session.last_captured_us) == (10, 5, 360_000)
        assert session.owed == Owed((Gap(1, 5, 0, 200_000), Gap(7, 9, 240_000, 360_000)))

    run(tmp_path, scenario)

"""The checks behind /readyz: how often the store is asked, and what is made of its answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from narrowcast_decoder import readiness
from narrowcast_decoder.readiness import Readiness
from narrowcast_decoder.store.health import StoreCondition, StoreHealth
from narrowcast_decoder.store.interface import StoreBusyError
from narrowcast_shared.clock import ManualClock
from narrowcast_shared.errors import StoreError


class Store:
    """Takes a write, fails with `error`, or answers only once `answers` is set."""

    def __init__(self) -> None:
        self.error: StoreError | None = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.asked = 0

    async def check_writable(self) -> None:
        self.asked += 1
        await self.answers.wait()
        if self.error:
            raise self.error


class Decoder:
    """What readiness looks at."""

    def __init__(self) -> None:
        self.store: Any = Store()
        self.health = StoreHealth()
        self.clock = ManualClock(unix_us=0)
        self.reading = True
        self.draining = False
        self.readiness = Readiness(
            self.store,
            self.health,
            self.clock,
            is_reading=lambda: self.reading,
            is_draining=lambda: self.draining,
        )


def run(scenario: Callable[[Decoder], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(90):
            await scenario(Decoder())

    asyncio.run(main())


def test_each_check_that_fails_is_named() -> None:
    async def scenario(decoder: Decoder) -> None:
        assert await decoder.readiness.faults() == {}
        decoder.reading, decoder.draining = False, True
        decoder.store.error = StoreError("the store cannot be written", "check its permissions")
        decoder.clock.advance(1_000_000)
        assert await decoder.readiness.faults() == {
            "model": "no model is at work",
            "store": "the store cannot be written: check its permissions",
            "accepting": "the service is about to end",
        }

    run(scenario)


def test_the_store_is_asked_once_a_second_however_many_want_to_know() -> None:
    async def scenario(decoder: Decoder) -> None:
        told = await asyncio.gather(*(decoder.readiness.faults() for _ in range(50)))
        assert told == [{}] * 50
        decoder.clock.advance(999_999)
        await decoder.readiness.faults()
        assert decoder.store.asked == 1
        decoder.clock.advance(1)
        await decoder.readiness.faults()
        assert decoder.store.asked == 2

    run(scenario)


def test_a_store_that_does_not_answer_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "LOOK_S", 0.05)

    async def scenario(decoder: Decoder) -> None:
        decoder.store.answers.clear()
        for _ in range(3):
            assert await decoder.readiness.faults() == {"store": "no answer within 0.05 s"}
            decoder.clock.advance(1_000_000)
        assert decoder.store.asked == 1, "questions do not pile up"
        decoder.store.answers.set()
        await asyncio.sleep(0)
        assert await decoder.readiness.faults() == {}

    run(scenario)


def test_while_samples_wait_a_small_write_that_works_means_nothing() -> None:
    async def scenario(decoder: Decoder) -> None:
        decoder.health.failed(StoreBusyError("the disk is full", "make room"), 0)
        assert await decoder.readiness.faults() == {"store": "the disk is full: make room"}
        assert decoder.store.asked == 0

    run(scenario)


def test_a_store_that_had_failed_works_again_once_it_takes_a_write() -> None:
    """Nobody publishes to a decoder that is not ready, so no sample would show it."""

    async def scenario(decoder: Decoder) -> None:
        decoder.health.failed(StoreError("the disk is gone"), 0)
        decoder.store.error = StoreError("the disk is gone")
        assert await decoder.readiness.faults() == {"store": "the disk is gone"}
        assert decoder.health.condition is StoreCondition.FAILED
        decoder.store.error = None
        decoder.clock.advance(1_000_000)
        assert await decoder.readiness.faults() == {}
        assert decoder.health.condition is StoreCondition.WORKING

    run(scenario)


def test_a_failure_counts_at_once_whatever_the_last_look_found() -> None:
    async def scenario(decoder: Decoder) -> None:
        assert await decoder.readiness.faults() == {}
        decoder.store.error = StoreError("the disk is gone")
        decoder.health.failed(decoder.store.error, 0)
        assert await decoder.readiness.faults() == {"store": "the disk is gone"}
        assert await decoder.readiness.faults() == {"store": "the disk is gone"}
        assert decoder.store.asked == 2

    run(scenario)

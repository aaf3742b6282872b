"""The stores that every test of the protocol runs against, as functions that open one."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from narrowcast_decoder.bus.address import parse_bus
from narrowcast_decoder.bus.valkey_store import ValkeyStore
from narrowcast_decoder.store.interface import SampleStore
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_lab.bus_server import BusServer

OpenStore = Callable[..., Awaitable[SampleStore]]
"""Opens the store of one test, with options of any; again, it opens the same, as a restart does."""


@pytest.fixture
def sqlite(tmp_path: Path) -> OpenStore:
    path = tmp_path / "made" / "on demand" / "series.sqlite"
    return lambda **options: SqliteStore.open(path, **options)


@pytest.fixture
def valkey(server: BusServer) -> OpenStore:
    return lambda **options: ValkeyStore.open(parse_bus(server.url), **options)


@pytest.fixture(params=["sqlite", "valkey"])
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    found: OpenStore = request.getfixturevalue(request.param)
    return found

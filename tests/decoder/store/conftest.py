"""The stores that every test of the protocol runs against, as functions that open one."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from narrowcast_decoder.store.interface import SampleStore
from narrowcast_decoder.store.sqlite import SqliteStore

OpenStore = Callable[[], Awaitable[SampleStore]]
"""Opens the store of one test; called again, it opens the same one, as a restart does."""


def _sqlite(folder: Path) -> OpenStore:
    return lambda: SqliteStore.open(folder / "made" / "on demand" / "series.sqlite")


@pytest.fixture(params=[_sqlite], ids=["sqlite"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    factory: Callable[[Path], OpenStore] = request.param
    return factory(tmp_path)

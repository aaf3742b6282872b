"""What tests of the decoder share: made-up series, and a bus."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from narrowcast_lab import bus_server
from narrowcast_lab.bus_server import BusServer
from narrowcast_shared.samples import Sample, Status

_STATUSES = {7: Status.NO_FACE, 8: Status.SKIPPED, 9: Status.LOST}

Series = Callable[..., list[Sample]]


def make_series(session: str, count: int, first_id: int = 1) -> list[Sample]:
    """`count` samples from `first_id` on, of all statuses, with numbers that are hard to print."""
    return [_sample(session, sample_id) for sample_id in range(first_id, first_id + count)]


def _sample(session: str, sample_id: int) -> Sample:
    status = _STATUSES.get(sample_id % 11, Status.OK)
    coded: dict[str, Any] = {}
    if status is Status.OK:
        coded = {"valence": sample_id / 7 % 2 - 1, "sigma": 0.1 + 1 / 3, "px": 32, "qp": 30}
    return Sample(
        id=sample_id,
        session=session,
        seq=sample_id - 1,
        t=1767225600 + sample_id / 25,
        status=status,
        wire_bps=7840 if sample_id > 50 else None,
        latency_ms=20 + sample_id / 3 % 10,
        cap_bps=8000 + sample_id if sample_id > 60 else None,
        **coded,
    )


@pytest.fixture(scope="session")
def series() -> Series:
    return make_series


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BusServer]:
    with bus_server.running(tmp_path_factory.mktemp("bus")) as server:
        yield server


@pytest.fixture
def server(shared_server: BusServer) -> BusServer:
    """A Valkey server without anything on it."""
    shared_server.clear()
    return shared_server

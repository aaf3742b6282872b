"""What tests of the decoder share: made-up series."""

from collections.abc import Callable
from typing import Any

import pytest

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
        **coded,
    )


@pytest.fixture(scope="session")
def series() -> Series:
    return make_series

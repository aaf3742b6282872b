"""A check over stored samples: nothing twice, nothing missing, nothing unexplained."""

import json
from collections import Counter
from typing import NamedTuple

from narrowcast_client.api import fetch_blocking
from narrowcast_shared.remote.address import Address, as_address
from narrowcast_shared.samples import Sample, Status


class Series(NamedTuple):
    """A session as the decoder's API gives it."""

    state: str
    samples: list[Sample]

    def counts(self) -> Counter[Status]:
        return Counter(sample.status for sample in self.samples)


def read(decoder: str | Address, session: str) -> Series:
    address = as_address(decoder)
    url = f"{address.sessions_url()}/{session}"
    state = _get(url, address)["state"]
    samples: list[Sample] = []
    after = 0
    while True:
        page = _get(f"{url}/samples?after={after}&limit=1000", address)["samples"]
        samples += [Sample.model_validate(item) for item in page]
        if len(page) < 1000:
            return Series(state, samples)
        after = samples[-1].id


class ByArrival(NamedTuple):
    """Samples in the order of capture, and those that came behind later ones."""

    live: list[Sample]
    late: list[Sample]


def by_arrival(samples: list[Sample]) -> ByArrival:
    parts = ByArrival([], [])
    newest = -1
    for sample in samples:
        (parts.live if sample.seq > newest else parts.late).append(sample)
        newest = max(newest, sample.seq)
    return parts


def check(samples: list[Sample]) -> None:
    """Every captured frame has exactly one sample, and each one is explained.

    In order, but for those of an outage, which come later with their own capture times.
    """
    assert [s.id for s in samples] == list(range(1, len(samples) + 1)), "ids"
    captured = sorted(samples, key=lambda sample: sample.seq)
    assert [s.seq for s in captured] == list(range(len(samples))), "sequence numbers"
    times = [s.t for s in captured]
    assert times == sorted(times), "capture times"
    for sample in samples:
        assert (sample.valence is None) == (sample.status is not Status.OK)


def _get(url: str, address: Address) -> dict:  # type: ignore[type-arg]
    return json.loads(fetch_blocking(address, url, timeout_s=5))  # type: ignore[no-any-return]

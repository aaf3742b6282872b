"""A check over stored samples: nothing twice, nothing missing, nothing unexplained."""

import json
import urllib.request
from collections import Counter
from typing import NamedTuple

from narrowcast_shared.samples import Sample, Status


class Series(NamedTuple):
    """A session as the decoder's API gives it."""

    state: str
    samples: list[Sample]

    def counts(self) -> Counter[Status]:
        return Counter(sample.status for sample in self.samples)


def read(url: str, session: str) -> Series:
    state = _get(f"{url}/v1/sessions/{session}")["state"]
    samples: list[Sample] = []
    after = 0
    while True:
        page = _get(f"{url}/v1/sessions/{session}/samples?after={after}&limit=1000")["samples"]
        samples += [Sample.model_validate(item) for item in page]
        if len(page) < 1000:
            return Series(state, samples)
        after = samples[-1].id


def check(samples: list[Sample]) -> None:
    """Every captured frame has exactly one sample, in order, and each one is explained."""
    assert [s.id for s in samples] == list(range(1, len(samples) + 1)), "ids"
    assert [s.seq for s in samples] == list(range(len(samples))), "sequence numbers"
    times = [s.t for s in samples]
    assert times == sorted(times), "capture times"
    for sample in samples:
        assert (sample.valence is None) == (sample.status is not Status.OK)


def _get(url: str) -> dict:  # type: ignore[type-arg]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as answer:
        return json.load(answer)  # type: ignore[no-any-return]

"""What a fault has done to a session: samples lost, doubled, out of order, and for how long it
stood still. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from narrowcast_lab.cluster.follower import Arrival
from narrowcast_shared.samples import Sample, Status


class Tally(NamedTuple):
    """Counts of samples, of one session or several."""

    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(*(mine + its for mine, its in zip(self, other, strict=True)))


def tally(stored: Sequence[Sample], seen: Sequence[Sample], acknowledged: int) -> Tally:
    """Compare what is stored in the end with what was promised and with what was seen.

    stored: the series, in order of id. seen: what one subscriber was sent, in the order in which
    it came, from the first sample on. acknowledged: one above the highest frame of which an
    encoder was told that it is stored.
    """
    return Tally(
        lost=_lost(stored, seen, acknowledged),
        duplicated=_doubled(sample.seq for sample in stored)
        + _doubled(sample.id for sample in stored)
        + _doubled(sample.id for sample in seen),
        out_of_order=_falls([sample.id for sample in seen])
        + _falls([sample.t for sample in sorted(stored, key=lambda sample: sample.seq)]),
    )


def _lost(stored: Sequence[Sample], seen: Sequence[Sample], acknowledged: int) -> int:
    """Acknowledged frames without a sample, or whose sample says so; samples that were stored and
    not seen, or seen and not stored as they were seen.
    """
    read = {sample.seq for sample in stored if sample.status is not Status.LOST}
    differing = set(map(_key, stored)) ^ set(map(_key, seen))
    return len(set(range(acknowledged)) - read) + len({sample_id for sample_id, _ in differing})


def _key(sample: Sample) -> tuple[int, str]:
    return sample.id, sample.model_dump_json()


def _doubled(numbers: Iterable[int]) -> int:
    return sum(count - 1 for count in Counter(numbers).values())


def _falls(numbers: Sequence[float]) -> int:
    """How many come after a higher one."""
    return sum(later < earlier for earlier, later in pairwise(numbers))


def recovery_s(arrivals: Iterable[Arrival], fault_s: float) -> float | None:
    """From the fault, Unix time in s, until the first sample of a frame captured after it came.

    None where none has come.
    """
    return next((each.at_s - fault_s for each in arrivals if each.sample.t > fault_s), None)

"""Learns the resting valence from the first readings of a series. Pure: samples in, state out."""

from bisect import bisect, insort

from narrowcast_client.baseline.estimate import BIN_S, Bin, Rest, rest_of
from narrowcast_shared.samples import Sample

MIN_S, MAX_S = 5.0, 600.0
"""Shorter tells next to nothing of rest; the longest bounds what is remembered, 2,400 bins."""

LONGEST_STEP_S = 1.0
"""Between two readings the face was seen for no longer than this, whatever time lies between."""

_LEAST_SIGMA = 0.01  # no model knows valence better, and a precision must be finite


class RestLearner:
    """The resting valence of the first `seconds` of face, in order of id.

    Time is that of the face, not of the wall: what was captured without a face, skipped or lost
    does not count. Which samples are the first is a matter of the series alone, so whoever joins
    late and is given its beginning learns the same.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.seen_s = 0.0
        """Time with readings so far, s; no more than a bin above `seconds`."""
        self.last_id = 0
        """Id of the last sample that was looked at; the last one ever where rest is learned."""
        self.rest: Rest | None = None
        self.readings = 0
        self.first_t: float | None = None
        self.px: tuple[int, int] | None = None
        """Least and greatest side of the chips that were read."""
        self._indices: list[int] = []
        self._sums: dict[int, tuple[float, float, int]] = {}  # sum of w v, sum of w, number

    def add(self, sample: Sample) -> None:
        """Take the next sample; without effect where it was taken, or rest is learned."""
        if self.rest is not None or sample.id <= self.last_id:
            return
        self.last_id = sample.id
        if sample.valence is None:
            return
        self._take(sample, sample.valence)
        if self.seen_s >= self.seconds:
            self.rest = rest_of(self.bins())

    def bins(self) -> list[Bin]:
        """What was read so far, in order of capture."""
        return [self._bin(index) for index in self._indices]

    def _bin(self, index: int) -> Bin:
        weighted, weight, count = self._sums[index]
        return Bin(index, weighted / weight, weight / count)

    def _take(self, sample: Sample, valence: float) -> None:
        self.readings += 1
        self.first_t = sample.t if self.first_t is None else min(self.first_t, sample.t)
        if sample.px is not None:
            least, greatest = self.px or (sample.px, sample.px)
            self.px = min(least, sample.px), max(greatest, sample.px)
        index = int(sample.t // BIN_S)
        if index not in self._sums:
            self.seen_s += self._gained_s(index)
            insort(self._indices, index)
        precision = max(sample.sigma or 1.0, _LEAST_SIGMA) ** -2
        weighted, weight, count = self._sums.get(index, (0.0, 0.0, 0))
        self._sums[index] = weighted + precision * valence, weight + precision, count + 1

    def _gained_s(self, index: int) -> float:
        """What a new bin adds to the time in which the face was seen."""
        if not self._indices:
            return BIN_S
        place = bisect(self._indices, index)
        before = self._indices[place - 1] if place else None
        after = self._indices[place] if place < len(self._indices) else None
        return _step_s(before, index) + _step_s(index, after) - _step_s(before, after)


def _step_s(before: int | None, after: int | None) -> float:
    """Time from bin to bin that counts; none where there is nothing on one side."""
    if before is None or after is None:
        return 0.0
    return min((after - before) * BIN_S, LONGEST_STEP_S)

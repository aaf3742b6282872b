"""What a viewer remembers of a series: its newest samples, and sums over all it has seen."""

from collections import Counter, deque

from narrowcast_shared.operating_point import MAX_FPS
from narrowcast_shared.samples import Sample, Status

_RECENT_S = 1.0
"""A valence older than this no longer stands for now."""


class History:
    """The samples of the last `window_s`, and the tally of all.

    Bounded by what the window can hold at the highest frame rate; the oldest are dropped.
    """

    def __init__(self, window_s: float) -> None:
        self.window_s = window_s
        self._samples: deque[Sample] = deque(maxlen=int(window_s * MAX_FPS) + 1)
        self.counts: Counter[Status] = Counter()
        self._valence_sum = 0.0

    def add(self, sample: Sample) -> None:
        """Take the next sample of the series."""
        self._samples.append(sample)
        self.counts[sample.status] += 1
        self._valence_sum += sample.valence or 0.0

    @property
    def total(self) -> int:
        """Number of samples seen so far."""
        return self.counts.total()

    @property
    def mean_valence(self) -> float | None:
        """Mean over all samples that were read; None where none was."""
        read = self.counts[Status.OK]
        return self._valence_sum / read if read else None

    @property
    def newest(self) -> Sample | None:
        """The last sample that came."""
        return self._samples[-1] if self._samples else None

    @property
    def newest_read(self) -> Sample | None:
        """The last sample that has a valence, where it is recent."""
        for sample in reversed(self._samples):
            if self._samples[-1].t - sample.t > _RECENT_S:
                return None
            if sample.valence is not None:
                return sample
        return None

    def window(self) -> list[Sample]:
        """The samples captured within `window_s` before the newest, in order."""
        if not self._samples:
            return []
        first_t = self._samples[-1].t - self.window_s
        return [sample for sample in self._samples if sample.t >= first_t]

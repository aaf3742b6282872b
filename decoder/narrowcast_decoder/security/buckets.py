"""Token buckets: how often something may happen. Pure: time is an argument, memory is bounded."""

from collections import OrderedDict
from typing import NamedTuple

US_PER_S = 1_000_000


class Rate(NamedTuple):
    """So many a second in the long run, and `burst` at once."""

    per_s: float
    burst: float


class Bucket:
    """Fills at `rate.per_s` up to `rate.burst`; each event takes one out."""

    __slots__ = ("_at_us", "_level", "rate")

    def __init__(self, rate: Rate, now_us: int) -> None:
        self.rate = rate
        self._level = rate.burst
        self._at_us = now_us

    def take(self, now_us: int) -> bool:
        """Whether one more may happen at `now_us` (monotonic)."""
        elapsed_s = max(0, now_us - self._at_us) / US_PER_S
        self._level = min(self.rate.burst, self._level + elapsed_s * self.rate.per_s)
        self._at_us = max(now_us, self._at_us)
        if self._level < 1:
            return False
        self._level -= 1
        return True

    def wait_s(self) -> float:
        """How long until one more may happen, as of the last `take`."""
        return max(0.0, 1 - self._level) / self.rate.per_s


class Buckets:
    """One bucket for each key, those used last; who is forgotten begins with a full one."""

    def __init__(self, rate: Rate, keys: int = 10_000) -> None:
        self._rate = rate
        self._most = keys
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now_us: int) -> float:
        """0 where one more may happen for this key at `now_us`; else in how many s it may."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(self._rate, now_us)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return 0.0 if bucket.take(now_us) else bucket.wait_s()

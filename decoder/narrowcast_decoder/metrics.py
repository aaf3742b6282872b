"""What the service has done so far, in plain numbers. `metrics_page` gives them to Prometheus.

Only the event loop counts. Plain numbers, for some are counted with every message: one of
prometheus_client's own counters takes a lock, and some ten times as long.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate

from narrowcast_decoder.ingest.frames import TakenFrame
from narrowcast_decoder.store.interface import SeriesConflictError, StoreBusyError
from narrowcast_shared.errors import StoreError
from narrowcast_shared.samples import Sample, Status
from narrowcast_shared.wire.cost import wire_bytes
from narrowcast_shared.wire.messages import EndCode

US_PER_S = 1_000_000

# A lone stream's aims (10 and 30 ms) and that of a full decoder (250 ms) are bounds of their own.
LATENCY_BOUNDS_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30)
STORE_BOUNDS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
BATCH_BOUNDS_FRAMES = tuple(2**power for power in range(11))

INTERRUPTED = "interrupted"
"""How a publisher ended of which no END could be said: its connection was gone."""


class Violation(StrEnum):
    """How a publisher broke the protocol."""

    NO_HELLO = "no_hello"  # it said nothing at all
    TEXT = "text"  # a text message
    GREETING = "greeting"  # something other than a HELLO that can be used: a stranger
    STREAM = "stream"  # a message, once welcomed, that cannot be used: a broken encoder


class StoreFailure(StrEnum):
    """Why a write to the store failed."""

    BUSY = "busy"  # locked, or its disk is full: tried again
    CONFLICT = "conflict"  # of one session's series
    FAILED = "failed"  # anything else

    @classmethod
    def of(cls, error: StoreError) -> "StoreFailure":
        """The kind of an error."""
        if isinstance(error, SeriesConflictError):
            return cls.CONFLICT
        return cls.BUSY if isinstance(error, StoreBusyError) else cls.FAILED


class Histogram:
    """Observations counted by upper bounds, which are included, as Prometheus has it."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.sum = 0.0
        self._counts = [0] * (len(bounds) + 1)

    def observe(self, value: float) -> None:
        """Count one observation."""
        self._counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def cumulative(self) -> list[int]:
        """Observations up to each bound, and last of all, those there are."""
        return list(accumulate(self._counts))


def _none_yet(keys: Iterable[str]) -> dict[str, int]:
    """Zeros: a counter that appears only with its first event hides it from `rate()`."""
    return dict.fromkeys(keys, 0)


@dataclass
class Metrics:
    """Totals since the start, and histograms. Nothing in here knows a session's name."""

    messages: int = 0
    wire_bytes: int = 0
    """Bytes on the line of all messages of publishers, headers counted."""
    frames_received: int = 0
    frames_late: int = 0
    """Of these, frames that came in LATE messages."""
    frames_read: int = 0
    """Frames that the worker has been through, decoded or not."""
    frames_shed: int = 0
    """Of these, coded frames that were not read, because there was no time."""
    frames_reused: int = 0
    """Of these, frames whose picture was the one before, and so was its estimate."""
    reading_restarts: int = 0
    """Reading processes that have died."""
    reading_cpu_s: float = 0.0
    """CPU time of all reading processes; that of threads is the service's own."""
    keyframe_requests: int = 0
    samples: dict[str, int] = field(default_factory=lambda: _none_yet(Status))
    """Stored and published, by status."""
    ended: dict[str, int] = field(
        default_factory=lambda: _none_yet([*map(end_name, EndCode), INTERRUPTED])
    )
    """Connections of publishers that are over, by the END that was said."""
    violations: dict[str, int] = field(default_factory=lambda: _none_yet(Violation))
    store_failures: dict[str, int] = field(default_factory=lambda: _none_yet(StoreFailure))
    latency: Histogram = field(default_factory=lambda: Histogram(LATENCY_BOUNDS_S))
    """From the arrival of a frame's message to its published sample, in s; readings only."""
    batch: Histogram = field(default_factory=lambda: Histogram(BATCH_BOUNDS_FRAMES))
    """Frames of a round of the worker."""
    store_write: Histogram = field(default_factory=lambda: Histogram(STORE_BOUNDS_S))
    """What a round that was stored took, in s, waiting for the disk included."""

    def message(self, payload_bytes: int) -> None:
        """A publisher's message has come."""
        self.messages += 1
        self.wire_bytes += wire_bytes(payload_bytes)

    def taken(self, frames: Sequence[TakenFrame]) -> None:
        """Frames of one message, and those that it shows to be lost, go to the worker."""
        self.frames_received += len(frames)
        if frames[-1].late:
            self.frames_late += sum(frame.late for frame in frames)

    def read(self, frames: int, shed: int = 0, reused: int = 0) -> None:
        """The worker has been through a round; of so many of its frames, so many were shed, and so
        many had the estimate of the picture before.
        """
        self.batch.observe(frames)
        self.frames_read += frames
        self.frames_shed += shed
        self.frames_reused += reused

    def stored(self, took_us: int) -> None:
        """The store has taken a round."""
        self.store_write.observe(took_us / US_PER_S)

    def published(self, samples: Sequence[Sample], received_us: Sequence[int], now_us: int) -> None:
        """Samples are out, of frames that came at `received_us` (monotonic), one each."""
        for sample, since_us in zip(samples, received_us, strict=True):
            self.samples[sample.status] += 1
            if sample.status is Status.OK:
                self.latency.observe((now_us - since_us) / US_PER_S)


def end_name(code: EndCode) -> str:
    """An end code as a label."""
    return code.name.lower()

"""The largest number of streams that a decoder serves well: doubled, then bisected."""

from collections.abc import Callable

from narrowcast_lab.serve_bench import Figures

MAX_LATENCY_MS = 250.0
MAX_STREAMS = 8192

RESOLUTION = 0.08
"""The answer is known to this share: two runs of one number differ by more."""


def is_served(figures: Figures) -> bool:
    """Whether all samples came, and 99 of 100 of them in time."""
    p99 = figures.latency_ms_p99
    nothing_lost = figures.samples_lost == 0 == figures.samples_missed
    return nothing_lost and p99 is not None and p99 <= MAX_LATENCY_MS


def search(start: int, serves: Callable[[int], bool], time_left: Callable[[], bool]) -> int:
    """The largest number found to be served; 0 where none was. Stops where no time is left."""
    most, too_many = 0, MAX_STREAMS + 1
    streams = start
    while time_left():
        if serves(streams):
            most = streams
        else:
            too_many = streams
        if too_many - most <= max(1, RESOLUTION * most):
            break
        streams = min(2 * most, MAX_STREAMS) if too_many > MAX_STREAMS else (most + too_many) // 2
    return most

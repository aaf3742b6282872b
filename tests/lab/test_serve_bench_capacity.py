"""The search for a decoder's capacity, and what counts as served."""

import pytest

from narrowcast_lab.serve_bench import Figures
from narrowcast_lab.serve_bench_capacity import MAX_STREAMS, RESOLUTION, is_served, search

FIGURES = Figures(
    streams=20,
    fps=10,
    seconds=5,
    px=32,
    qp=30,
    frames_per_message=1,
    subscribers=20,
    model="oa",
    unit_bytes=30,
    frames=1000,
    cpu_ms_per_frame=0.5,
    cores=0.1,
    frames_per_batch=2,
    latency_ms_p50=5,
    latency_ms_p95=20,
    latency_ms_p99=30,
    samples_lost=0,
    samples_missed=0,
    memory_kb_per_session=100,
    load_cpu_ms_per_frame=0.1,
    load_late_ms_p99=1,
)


@pytest.mark.parametrize("capacity", [1, 7, 20, 21, 133, 1000, MAX_STREAMS])
@pytest.mark.parametrize("start", [1, 20, 500])
def test_the_capacity_is_found_from_anywhere(capacity: int, start: int) -> None:
    tried: list[int] = []

    def serves(streams: int) -> bool:
        tried.append(streams)
        return streams <= capacity

    found = search(start, serves, lambda: True)
    assert capacity / (1 + RESOLUTION) - 1 <= found <= capacity
    assert len(tried) == len(set(tried)) <= 24


def test_nothing_served() -> None:
    assert search(20, lambda _: False, lambda: True) == 0


def test_no_time_left_ends_it_with_what_was_found() -> None:
    times = iter((True, True, False))
    assert search(10, lambda _: True, lambda: next(times)) == 20


@pytest.mark.parametrize(
    ("change", "served"),
    [
        ({}, True),
        ({"latency_ms_p99": 250.0}, True),
        ({"latency_ms_p99": 250.1}, False),
        ({"latency_ms_p99": None}, False),
        ({"samples_lost": 1}, False),
        ({"samples_missed": 1}, False),
    ],
)
def test_served_is_in_time_and_without_a_loss(change: dict[str, float], served: bool) -> None:
    assert is_served(FIGURES._replace(**change)) is served  # type: ignore[arg-type]

"""Stage timers: CPU time and not waiting, sampled where a reading would cost more than it tells."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from narrowcast_decoder.stages import STORE_THREADS, STRIDE, Stages, StageTimer


def burn(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_a_timer_counts_cpu_time_and_not_waiting() -> None:
    timer = StageTimer()
    with timer:
        burn(0.02)
        time.sleep(0.1)
    assert 0.02 <= timer.cpu_s < 0.08


def test_one_passage_in_a_stride_stands_for_all() -> None:
    timer = StageTimer(stride=5)
    for _ in range(10):
        with timer:
            burn(0.004)
    assert timer.cpu_s == pytest.approx(0.04, rel=0.5)


def test_what_fails_is_counted_too() -> None:
    timer = StageTimer()

    def fail() -> None:
        with timer:
            burn(0.01)
            raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        fail()
    assert timer.cpu_s >= 0.01


def test_making_samples_and_sending_them_are_one_stage() -> None:
    stages = Stages()
    with stages.sample:
        burn(0.01)
    for _ in range(STRIDE):
        with stages.send:
            burn(0.001)
    told = stages.cpu_s()
    assert list(told) == ["receive", "parse", "decode", "model", "report", "publish", "store"]
    assert told["publish"] >= 0.01 + 0.001 * STRIDE
    assert told["decode"] == 0


def test_the_store_is_what_its_threads_use() -> None:
    stages = Stages()
    with ThreadPoolExecutor(1, thread_name_prefix=STORE_THREADS) as worker:
        before = stages.cpu_s()["store"]
        worker.submit(burn, 0.02).result()
        assert stages.cpu_s()["store"] >= before + 0.02

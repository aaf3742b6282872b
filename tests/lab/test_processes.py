"""Children of the demo and the benchmarks: what their failures, a Ctrl-C and a SIGTERM come to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from narrowcast_lab import latency, processes, termination, wire_bench
from narrowcast_lab.cluster import stand
from narrowcast_shared.errors import LinkError

MISSING = "no-such-file.mp4"
STARTED_S = 120.0
ENDED_S = 90.0
TERMINATED = 128 + signal.SIGTERM


@pytest.mark.parametrize(
    "measure",
    [
        lambda: latency.measure(MISSING, 1, [], "oa"),
        lambda: wire_bench.measure(MISSING, 1, 16_000, "oa"),
    ],
)
def test_a_bench_whose_encoder_cannot_start_says_why_at_once(
    measure: Callable[[], object],
) -> None:
    with pytest.raises(LinkError, match=MISSING):
        measure()


def test_a_ctrl_c_on_the_terminal_leaves_the_children_to_their_parent(tmp_path: Path) -> None:
    with processes.narrowcast(["--help"], tmp_path / "log") as child:
        assert os.getpgid(child.pid) != os.getpgid(0)


@pytest.mark.parametrize("times", [1, 2])
def test_a_bench_that_is_ended_leaves_no_child(tmp_path: Path, times: int) -> None:
    """Twice, as `timeout` does: once to the process, and once to all of its group."""
    with bench("latency", "--seconds", "60", log=tmp_path / "log") as process:
        begun = children(process, ["serve", "encode"])
        for _ in range(times):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.05)
        assert process.wait(ENDED_S) == TERMINATED
        assert_gone(begun)


def test_a_bench_that_is_ended_before_its_decoder_answers_leaves_none(tmp_path: Path) -> None:
    with bench("latency", "--seconds", "60", log=tmp_path / "log") as process:
        begun = children(process, ["serve"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(ENDED_S) == TERMINATED
        assert_gone(begun)


def test_a_cluster_that_is_ended_leaves_none(tmp_path: Path) -> None:
    """Its event loop waits on a thread for a replica that is starting: the children are told all
    the same, and at once.
    """
    try:
        stand.check()
    except LinkError as error:
        pytest.skip(str(error))
    with bench("faults", log=tmp_path / "log") as process:
        begun = children(process, ["serve", "serve", "haproxy", "valkey"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(ENDED_S) == TERMINATED
        assert_gone(begun)


def test_a_second_ctrl_c_kills_what_is_being_ended(tmp_path: Path) -> None:
    program = ["-c", "import signal, time; signal.signal(15, 1); print(flush=True); time.sleep(60)"]

    def interrupted(_: float) -> int:
        raise KeyboardInterrupt

    with processes.narrowcast([], tmp_path / "log", program) as child:
        while not (tmp_path / "log").read_text():
            time.sleep(0.01)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(child, "wait", interrupted)
            with pytest.raises(KeyboardInterrupt):
                processes.stop(child)
        assert child.wait(90) == -signal.SIGKILL


@contextmanager
def bench(*arguments: str, log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """A bench as a shell starts it; killed where the test has failed, with all of its children."""
    command = [sys.executable, "-m", "narrowcast_shared", "bench", *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield process
    finally:
        if process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
            process.wait()


def children(process: "subprocess.Popen[bytes]", names: Sequence[str]) -> list[psutil.Process]:
    """All of its children, once there are those of these names."""
    parent, deadline_s = psutil.Process(process.pid), time.monotonic() + STARTED_S
    while time.monotonic() < deadline_s:
        found = parent.children(recursive=True)
        told = " ".join(part for child in found for part in [child.name(), *child.cmdline()])
        if all(told.count(name) >= names.count(name) for name in names):
            return found
        time.sleep(0.02)
    raise AssertionError(f"there are no {names}")


def assert_gone(begun: Sequence[psutil.Process]) -> None:
    """They have ended, or at least are about to: a parent that is killed ends them no more."""
    _, alive = psutil.wait_procs(begun, timeout=30)
    assert not alive


def test_a_signal_between_the_start_of_a_child_and_its_place_in_the_list_ends_it() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: seen.append(number))
    children: list[subprocess.Popen[bytes]] = []
    try:
        signal.signal(signal.SIGTERM, termination.PassOn(children))
        with termination.held():
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"])
            os.kill(os.getpid(), signal.SIGTERM)
            assert not seen
            children.append(child)
        assert seen == [signal.SIGTERM]
        assert child.wait(ENDED_S) == -signal.SIGTERM
    finally:
        signal.signal(signal.SIGTERM, before)

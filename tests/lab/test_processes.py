"""Children of the demo and the benchmarks: what their failures and a Ctrl-C come to."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from narrowcast_lab import latency, processes, wire_bench
from narrowcast_shared.errors import LinkError

MISSING = "no-such-file.mp4"


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

"""What is recorded beside valence, by processes of their own: caps, the clocks' offset, marks."""

import subprocess
import sys
import time
from itertools import groupby
from pathlib import Path

from narrowcast_lab import processes
from narrowcast_shared.samples import Sample, Status

from .series import check, read

SESSION = "cam"
CAP = "32k,5s:8k"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "narrowcast_shared", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)


def caps_of(samples: list[Sample]) -> list[int | None]:
    """The caps that were in force, one after another."""
    return [cap for cap, _ in groupby(sample.cap_bps for sample in samples)]


def test_a_session_is_recorded_with_its_cap_its_clocks_and_its_marks(folder: Path) -> None:
    with processes.decoder(folder) as url:
        # 1. Eight seconds go over a line whose cap falls after five.
        before_t = time.time()
        run("encode", "sample", "--to", url, "--session", SESSION, "--cap", CAP)
        state, live = read(url, SESSION)
        assert state == "ended"
        check(live)
        assert caps_of(live) == [32_000, 8000]
        first = next(sample for sample in live if sample.cap_bps == 8000)
        assert live[0].t < first.t

        # 2. Both ends are on this machine: the estimate has to hold 0 within what it says.
        told = processes.get_json(f"{url}/v1/sessions/{SESSION}")
        offset_ms, error_ms = told["clock_offset_ms"], told["clock_error_ms"]
        assert isinstance(offset_ms, float)
        assert isinstance(error_ms, float)
        assert abs(offset_ms) <= error_ms + 1 < 30_000

        # 3. Marks are set then and now, and written beside the samples.
        run("mark", SESSION, "smile", "--at", str(live[30].t), "--decoder", url)
        run("mark", SESSION, "over", "--decoder", url)
        out, marks = folder / "cam.csv", folder / "marks.csv"
        run("export", SESSION, "--out", str(out), "--marks", str(marks), "--decoder", url)
        head, smile, over = [line.split(",") for line in marks.read_text().splitlines()]
        assert head == ["id", "session", "t", "text"]
        assert (smile[0], float(smile[2]), smile[3]) == ("1", live[30].t, "smile")
        assert before_t < float(over[2]) < time.time() + 1
        assert len(out.read_text().splitlines()) == 241


def test_scoring_says_the_same_of_the_cap() -> None:
    scored = run("score", "sample", "--json", "--cap", CAP)
    samples = [Sample.model_validate_json(line) for line in scored.stdout.splitlines()]
    assert caps_of(sorted(samples, key=lambda sample: sample.seq)) == [32_000, 8000]
    assert any(s.status is Status.OK and s.cap_bps == 8000 for s in samples)

"""`narrowcast bench serve`, whole: a decoder and its load as processes, and their figures."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner, Result

from narrowcast_lab.commands.bench import bench
from narrowcast_shared.errors import LinkError

SMALL = ("--streams", "3", "--fps", "20", "--seconds", "1", "--px", "16")


def _serve(*arguments: object) -> Result:
    return CliRunner().invoke(bench, ["serve", *map(str, arguments)], catch_exceptions=False)


def test_a_run_is_measured_and_written_down(tmp_path: Path) -> None:
    out = tmp_path / "serve.json"
    result = _serve(*SMALL, "--frames-per-message", 4, "--subscribers", 5, "--json", out)
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text())
    expected = {"streams": 3, "fps": 20, "seconds": 1, "px": 16, "qp": 30, "model": "oa"}
    assert {key: report[key] for key in expected} == expected
    assert report["subscribers"] == 5
    assert report["samples_lost"] == report["samples_missed"] == 0
    assert 0 < report["frames"] <= 120
    assert 0 < report["latency_ms_p50"] <= report["latency_ms_p95"] <= report["latency_ms_p99"]
    assert report["cores"] > 0
    assert 0 < report["frames_per_batch"] <= report["frames"]
    assert report["memory_kb_per_session"] is not None
    assert report["load_cpu_ms_per_frame"] > 0
    assert f"{report['cpu_ms_per_frame']:.3f}" in result.output
    assert "playing 1 s" in result.output


def test_a_search_reports_its_best_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrowcast_lab.commands.bench_serve.SEARCH_S", 1.0)
    monkeypatch.setattr("narrowcast_lab.serve_bench_capacity.MAX_LATENCY_MS", 60_000.0)
    out = tmp_path / "serve.json"
    result = _serve("--find-capacity", "--streams", 2, "--within", "1ms", "--json", out)
    report = json.loads(out.read_text()) if out.exists() else {}
    assert result.exit_code == 0, result.output
    assert report["capacity"] == report["streams"] == report["subscribers"] == 2
    assert [step["streams"] for step in report["steps"]] == [2]
    assert "2 streams: p99" in result.output


def test_a_decoder_that_does_not_start_says_why() -> None:
    with pytest.raises(LinkError, match="no weights at"):
        _serve(*SMALL, "--model", "nothing")


def test_ctrl_c_ends_it_and_all_that_it_started(tmp_path: Path) -> None:
    log = (tmp_path / "log").open("w+")
    command = [sys.executable, "-m", "narrowcast_shared", "bench", "serve", "--seconds", "60"]
    with log, subprocess.Popen(command, stderr=subprocess.PIPE, stdout=log) as bench_:
        assert bench_.stderr is not None
        while b"playing" not in (line := bench_.stderr.readline()):
            assert line, "it ended before it played"
        children = psutil.Process(bench_.pid).children(recursive=True)
        assert len(children) >= 2
        bench_.send_signal(signal.SIGINT)
        assert bench_.wait(90) == 130
        _, alive = psutil.wait_procs(children, 60)
        assert alive == []
        assert b"Traceback" not in bench_.stderr.read()

"""A soak: sessions that come and go, and the growth of the memory beside them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from narrowcast_lab import serve_bench_soak
from narrowcast_lab.commands.bench import bench
from narrowcast_lab.serve_bench_soak import Resident, Turn, window_mb


def test_windows_count_from_both_ends() -> None:
    memory = [Resident(float(s), s * 1_000_000) for s in range(0, 601, 2)]
    assert window_mb(memory, 60.0, 1) == pytest.approx(90)
    assert window_mb(memory, 60.0, -1) == pytest.approx(570)
    assert window_mb([], 60.0, 1) is None
    assert window_mb(memory[:3], 60.0, 1) is None


def test_turns_add_up() -> None:
    assert Turn(1, 10, 2, 3).plus(Turn(1, 5)) == Turn(2, 15, 2, 3)


def test_a_soak_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_bench_soak, "SAMPLE_S", 0.2)
    out = tmp_path / "soak.json"
    small = ["--streams", "3", "--px", "16", "--soak", "3s"]
    result = CliRunner().invoke(
        bench, ["serve", *small, "--json", str(out)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text())
    assert (report["streams"], report["seconds"]) == (3, 3)
    assert report["sessions"] >= 3
    assert report["frames"] > 3 * 10
    assert report["samples_lost"] == report["samples_missed"] == 0
    assert len(report["memory_mb_by_s"]) >= 2
    assert report["memory_growth"] == pytest.approx(
        report["memory_mb_last_window"] / report["memory_mb_second_window"] - 1, abs=1e-4
    )
    assert "memory growth" in result.output

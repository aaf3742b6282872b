"""Targets in processes of their own: what they tell, and what they leave when they fail."""

import importlib.util
import json
import signal
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from narrowcast_lab.commands.bench import bench
from narrowcast_lab.fuzz import libfuzzer, run, targets
from narrowcast_lab.fuzz.libfuzzer import Progress
from narrowcast_shared.errors import NarrowcastError, SettingsError

guided = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="needs the extra `fuzz`"
)


def _fuzz(*arguments: object) -> Result:
    return CliRunner().invoke(bench, ["fuzz", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A target that goes down as C code does, on any input that begins with B."""
    (tmp_path / "planted_target.py").write_text(
        textwrap.dedent("""
            import os, signal

            def run(data):
                if data[:1] == b"B":
                    os.kill(os.getpid(), signal.SIGSEGV)

            def seeds():
                return [b"A", b"C"]
        """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setitem(targets.TARGETS, "planted", targets.About("planted_target", "", 4))
    return "planted"


@guided
def test_a_target_is_fuzzed_and_its_inputs_counted(tmp_path: Path) -> None:
    out, failures = tmp_path / "fuzz.json", tmp_path / "failures"
    result = _fuzz("wire", "--seconds", 1, "--failures", failures, "--json", out)
    assert result.exit_code == 0, result.output
    (report,) = json.loads(out.read_text()).values()
    assert report["inputs"] > 100
    assert 0 < report["coverage_first"] < report["coverage"]
    assert 0 < report["rss_first_mb"] <= report["rss_mb"]
    assert (report["exit_status"], report["inputs_kept"]) == (0, 0)
    assert not failures.exists()


@guided
def test_what_the_parent_takes_does_not_count_for_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux tells a new process its parent's peak as its own: this one's is larger than 50 MB."""
    monkeypatch.setattr(libfuzzer, "MAX_RSS_MB", 50)
    found = run.fuzz("wire", 2, tmp_path / "failures", lambda _: None)
    assert (found.exit_status, found.inputs_kept) == (0, [])


@guided
def test_a_crash_is_told_and_its_input_kept(planted: str, tmp_path: Path) -> None:
    found = run.fuzz(planted, 20, tmp_path / "failures", lambda _: None)
    assert found.exit_status != 0
    assert found.failure
    assert "deadly signal" in found.told
    (kept,) = map(Path, found.inputs_kept)
    assert kept.name.startswith("planted-crash-")
    assert kept.read_bytes().startswith(b"B")
    status, _ = run.replay(planted, kept)
    assert status == -signal.SIGSEGV


def test_an_input_is_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "input"
    file.write_bytes(b"\x07\x00")
    result = _fuzz("wire", "--input", file)
    assert result.exit_code == 0
    assert "wire stands" in result.output
    with pytest.raises(SettingsError, match="one target"):
        _fuzz("--input", file)
    with pytest.raises(SettingsError, match="no file"):
        _fuzz("wire", "--input", tmp_path / "nothing")


def test_an_input_that_fails_again_says_why(planted: str, tmp_path: Path) -> None:
    assert planted in targets.TARGETS
    file = tmp_path / "input"
    file.write_bytes(b"B")
    status, _ = run.replay(planted, file)
    assert status == -signal.SIGSEGV


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(NarrowcastError, match=r"'\.\[fuzz\]'"):
        _fuzz("wire")


def test_growing_memory_is_a_failure() -> None:
    found = run.Found("wire", 1000, 60.0, 172, 208, 42, 106, 0, [], "")
    assert found.failure == ""
    assert "grew by 65 MB" in found._replace(rss_mb=107).failure


def test_lines_of_libfuzzer() -> None:
    progress = Progress()
    for line in (
        "INFO: Seed: 584854415\n",
        "#13\tINITED cov: 172 ft: 262 corp: 12/221b exec/s: 0 rss: 42Mb\n",
        "#14\tNEW    cov: 174 ft: 280 corp: 13/224b lim: 42 exec/s: 0 rss: 43Mb L: 3/42 MS: 1 X-\n",
        "stat::number_of_executed_units: 30910\n",
    ):
        progress.read(line)
    assert progress == Progress(30910, 172, 174, 42, 43)

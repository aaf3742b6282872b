"""What goes wrong on a user's machine: one clear line, a non-zero exit, and no traceback."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from narrowcast_lab import processes


def run(*arguments: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "narrowcast_shared", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)


def assert_one_line(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    assert ended.returncode not in (0, -6, -11), ended
    lines = ended.stderr.strip().splitlines()
    assert all(line.startswith("see: docs/") for line in lines[1:]), ended.stderr
    assert len(lines) <= 2, ended.stderr
    assert lines[0].startswith("narrowcast: error: ")
    for word in words:
        assert word in lines[0]


def test_a_file_that_is_not_there() -> None:
    assert_one_line(run("encode", "no-such-file.mp4"), "no-such-file.mp4")
    assert_one_line(run("score", "no-such-file.mp4"), "no-such-file.mp4")


def test_a_file_that_is_no_video(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("these are notes, not frames\n" * 100)
    assert_one_line(run("encode", str(text)), "notes.mp4")
    assert_one_line(run("score", str(text)), "notes.mp4")


def test_a_camera_that_is_not_there() -> None:
    assert_one_line(run("encode", "97"), "97")
    assert_one_line(run("encode", "/dev/video97"), "/dev/video97")


def test_nobody_listens() -> None:
    url = f"http://127.0.0.1:{processes.free_port()}"
    ended = run("encode", "sample", "--to", url, "--patience", "1s")
    notice, ended.stderr = ended.stderr.split("\n", 1)  # that it waits, told at once
    assert "warning" in notice
    assert f"nothing listens at {url}" in notice
    assert_one_line(ended, url, "serve")


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1:8000", "http://", "http://h:99999"])
def test_what_is_no_url(url: str) -> None:
    assert_one_line(run("encode", "sample", "--to", url), url)


def test_a_server_that_is_no_decoder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory"]
    port = processes.free_port()
    other = subprocess.Popen(
        [*command, str(tmp_path), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for_port(port)
        url = f"http://127.0.0.1:{port}"
        ended = run("encode", "sample", "--to", url, "--patience", "5s")
        assert_one_line(ended, "no narrowcast decoder")
    finally:
        processes.stop(other)


def wait_for_port(port: int) -> None:
    for _ in range(900):
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server did not start")


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = run("serve", "--port", port, "--store", str(tmp_path / "s.sqlite"))
    assert_one_line(ended, port, "--port")


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.safetensors")
    store = str(tmp_path / "s.sqlite")
    assert_one_line(run("serve", "--port", "0", "--store", store, "--model", missing), missing)
    assert_one_line(run("score", "sample", "--model", missing), missing)
    assert_one_line(run("score", "sample", "--model", "nobody"), "nobody")


def test_a_store_that_is_no_store(tmp_path: Path) -> None:
    wrong = tmp_path / "s.sqlite"
    wrong.write_text("not a database, and long enough to be looked at " * 100)
    assert_one_line(run("serve", "--port", "0", "--store", str(wrong)), "s.sqlite")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--px", "3"), "--px"),
        (("--qp", "52"), "--qp"),
        (("--cap", "8 apples"), "--cap"),
        (("--cap", "100"), "cap"),
        (("--session", "../etc"), "../etc"),
        (("--detector", "yunet"), "--detector-model"),
    ],
)
def test_options_out_of_range(arguments: tuple[str, ...], word: str) -> None:
    assert_one_line(run("encode", "sample", *arguments), word)


def test_a_setting_of_the_environment_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NARROWCAST_PORT", "many")
    assert_one_line(run("serve"), "NARROWCAST_PORT")


def test_a_reader_that_hangs_up_is_no_error() -> None:
    command = [sys.executable, "-m", "narrowcast_shared", "score", "sample", "--csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as scoring:
        assert scoring.stdout is not None
        assert scoring.stderr is not None
        scoring.stdout.readline()
        scoring.stdout.close()
        assert scoring.stderr.read() == b""

"""examples/: each as a process of its own, against a real decoder."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from narrowcast_lab import processes
from narrowcast_shared.samples import Status

from .series import check, read

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


def test_own_frames_are_published_read_and_followed(folder: Path) -> None:
    with processes.decoder(folder) as url:
        published = example("publish.py", url, "mine")
        assert (published.returncode, published.stderr) == (0, "")
        assert "session mine" in published.stdout
        state, samples = read(url, "mine")
        assert (state, len(samples)) == ("ended", 240)
        check(samples)
        assert sum(sample.status is Status.OK for sample in samples) > 60
        followed = example("subscribe.py", url, "mine")
        assert (followed.returncode, followed.stderr) == (0, "")
        times = [float(line.split()[0]) for line in followed.stdout.splitlines()]
        assert times == [round(sample.t, 3) for sample in samples]
        shell = f"{sys.executable} {EXAMPLES / 'subscribe.py'} {url} mine | head -n 1"
        first = subprocess.run(shell, shell=True, capture_output=True, text=True, check=False)
        assert (len(first.stdout.splitlines()), first.stderr) == (1, "")


def test_ctrl_c_ends_the_session_in_order(folder: Path) -> None:
    log, program = folder / "publish.log", (str(EXAMPLES / "publish.py"),)
    with (
        processes.decoder(folder) as url,
        processes.narrowcast([url, "mine"], log, program) as publishing,
    ):
        deadline = time.monotonic() + 90
        while not listed(url):
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        publishing.send_signal(signal.SIGINT)
        assert publishing.wait(90) == 130
        state, samples = read(url, "mine")
    told = log.read_text()
    # On a machine that is too busy to store the end within the grace, the example says so.
    unheard = "the decoder has not acknowledged the end of the stream" in told
    assert state == ("interrupted" if unheard else "ended")
    assert len(samples) < 240
    check(samples)
    assert "Traceback" not in told


def listed(url: str) -> bool:
    return bool(processes.get_json(f"{url}/v1/sessions")["sessions"])


def test_what_cannot_be_is_told_in_one_line() -> None:
    url = f"http://127.0.0.1:{processes.free_port()}"
    failed = example("publish.py", url, "../etc")
    assert failed.returncode == 1
    assert len(failed.stderr.splitlines()) == 1
    assert "../etc" in failed.stderr

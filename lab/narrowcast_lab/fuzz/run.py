"""Runs a target in a process of its own and reads off what it found."""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from narrowcast_lab.fuzz import libfuzzer, targets
from narrowcast_shared.errors import SettingsError, install_hint

GRACE_S = 60.0
"""For a child to start and to end, beyond its time: later than that it hangs, and is killed."""

TOLD_LINES = 30
"""Of what a child said last, for whoever looks into a failure."""

Tell = Callable[[int], object]
"""Told how many inputs have been tried."""


class Found(NamedTuple):
    """Of one target: inputs tried, branches reached by the seeds and in all, and what failed.

    rss_first_mb, rss_mb: resident memory of the child at its highest, after the seeds and at the
    end. exit_status: the child's, negative for the signal that ended it; 0 where nothing failed.
    inputs_kept: files with what failed. told: what the child said last where it did.
    """

    target: str
    inputs: int
    seconds: float
    coverage_first: int
    coverage: int
    rss_first_mb: int
    rss_mb: int
    exit_status: int
    inputs_kept: list[str]
    told: str

    @property
    def failure(self) -> str:
        """What went wrong; empty where nothing did."""
        if self.exit_status:
            return f"{self.target} ended with {self.exit_status}"
        growth_mb = self.rss_mb - self.rss_first_mb
        if growth_mb > libfuzzer.MAX_GROWTH_MB:
            return f"{self.target} grew by {growth_mb} MB"
        return ""


def check_installed() -> None:
    """Raises SettingsError where atheris is missing."""
    if importlib.util.find_spec("atheris") is None:
        raise SettingsError(
            "fuzzing guided by coverage needs atheris",
            f"{install_hint('fuzz')} (Linux on x86-64, Python 3.11 to 3.13)",
        )


def fuzz(name: str, seconds: float, failures: Path, tell: Tell) -> Found:
    """Run the target called `name` for so long; what fails is kept in the folder `failures`."""
    about = targets.TARGETS[name]
    progress, last = libfuzzer.Progress(), deque[str](maxlen=TOLD_LINES)
    with tempfile.TemporaryDirectory(prefix="narrowcast-fuzz-") as folder:
        corpus, kept = Path(folder, "corpus"), Path(folder, "failed")
        kept.mkdir()
        _write_seeds(about.module, corpus)
        flags = libfuzzer.flags(seconds, about.max_bytes, corpus, kept)
        with _child(about.module, "many", *flags, timeout_s=seconds + GRACE_S) as child:
            assert child.stdout is not None
            for line in child.stdout:
                last.append(line)
                progress.read(line)
                tell(progress.inputs)
            status = child.wait()
        files = _keep(kept, failures, name)
    told = "".join(last) if status else ""
    return Found(name, *progress.figures(seconds), status, files, told)


def replay(name: str, file: Path) -> tuple[int, str]:
    """One input's exit status, negative for the signal that ended it, and what was said."""
    with _child(targets.TARGETS[name].module, "one", str(file), timeout_s=GRACE_S) as child:
        said, _ = child.communicate()
        return child.returncode, said


def _write_seeds(module: str, corpus: Path) -> None:
    corpus.mkdir()
    for seed in targets.load(module).seeds():
        name = hashlib.sha256(seed).hexdigest()
        (corpus / name).write_bytes(seed)


def _keep(kept: Path, failures: Path, name: str) -> list[str]:
    """Move what failed to where it stays."""
    files = sorted(kept.iterdir())
    if files:
        failures.mkdir(parents=True, exist_ok=True)
    return [str(shutil.move(file, failures / f"{name}-{file.name}")) for file in files]


@contextmanager
def _child(module: str, *arguments: str, timeout_s: float) -> Iterator["subprocess.Popen[str]"]:
    """A target's process, killed once its time is over and on the way out."""
    child = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "narrowcast_lab.fuzz.child", module, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,  # Ctrl-C is for the parent, which then ends its child
    )
    watchdog = threading.Timer(timeout_s, child.kill)
    watchdog.daemon = True
    watchdog.start()
    with child:
        try:
            yield child
        finally:
            watchdog.cancel()
            child.kill()  # a target has nothing to put in order

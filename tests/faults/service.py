"""A decoder process as a test of faults sees it."""

import asyncio
import subprocess
import time
import urllib.error
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from narrowcast_decoder.store import offline
from narrowcast_lab import processes
from narrowcast_shared.archive import TimeSpan
from narrowcast_shared.samples import Sample

STORE = "series.sqlite"

WAIT_S = 90.0
"""Whatever is waited for comes in this time, or the test has failed."""


class Service(NamedTuple):
    """A running decoder: where it answers, its process, its store, and the folder of its log."""

    url: str
    process: "subprocess.Popen[bytes]"
    folder: Path
    store: Path

    @property
    def log(self) -> Path:
        return self.folder / "decoder.log"

    def resident_bytes(self) -> int:
        """Memory that the process holds."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def readiness(self) -> int:
        """The status of /readyz."""
        try:
            with processes._open(f"{self.url}/readyz") as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return int(error.code)

    def state(self, session: str) -> str:
        """`live`, `interrupted` or `ended`."""
        return str(processes.get_json(f"{self.url}/v1/sessions/{session}")["state"])

    def samples(self, session: str) -> int:
        """How many are stored; none where there is no such session yet."""
        with suppress(OSError):
            summary = processes.get_json(f"{self.url}/v1/sessions/{session}")
            return int(str(summary["samples"]))
        return 0

    def count(self, metric: str) -> float:
        """A number of /metrics; its name as it stands there, labels and all."""
        with processes._open(f"{self.url}/metrics") as answer:
            for line in answer.read().decode().splitlines():
                name, _, value = line.rpartition(" ")
                if name == metric:
                    return float(value)
        raise AssertionError(f"there is no metric {metric}")

    def is_well(self) -> None:
        """It is there, takes new streams, and nothing in it has failed unforeseen."""
        assert self.process.poll() is None
        assert self.readiness() == 200
        assert "Traceback" not in self.log.read_text()

    def kill(self) -> None:
        """As the kernel does where memory is short: no goodbye."""
        self.process.kill()
        self.process.wait()


@contextmanager
def service(
    folder: Path,
    port: int | None = None,
    program: Sequence[str] = processes.NARROWCAST,
    store: Path | None = None,
    arguments: Sequence[str] = (),
) -> Iterator[Service]:
    """A decoder with its log in `folder`, and its store too unless that is to be elsewhere.

    program: what Python runs in place of ours. arguments: more of them for `narrowcast serve`.
    """
    store = store or folder / STORE
    arguments = ["--store", str(store), *arguments]
    with processes.decoder(folder, *arguments, port=port, program=program) as url:
        yield Service(url, processes.children()[-1], folder, store)


def until(met: Callable[[], bool], what: str, timeout_s: float = WAIT_S) -> None:
    """Wait until it is so. Raises AssertionError where it does not come to that."""
    deadline = time.monotonic() + timeout_s
    while not met():
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s} s"
        time.sleep(0.05)


async def soon(met: Callable[[], bool], what: str, timeout_s: float = WAIT_S) -> None:
    """As `until`, while the event loop goes on."""
    await asyncio.to_thread(until, met, what, timeout_s)


def stored(folder: Path, session: str) -> list[Sample]:
    """What the store holds of a session, read from its file where no decoder runs."""
    archive = offline.open_offline(folder / STORE)

    async def everything() -> list[Sample]:
        about = await archive.session(session)
        return [sample async for page in archive.pages(about, TimeSpan()) for sample in page]

    try:
        return asyncio.run(everything())
    finally:
        archive.close()

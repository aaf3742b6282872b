"""A real browser, and a real decoder with real encoders: what people see is looked at."""

import asyncio
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_lab import browser, processes
from narrowcast_lab.browser import DESKTOP
from narrowcast_shared.samples import Sample, Status

LONG = "long-ago"


class SkippedFile(pytest.File):
    """A file of tests where there is no browser: it is not even imported."""

    def collect(self) -> list[pytest.Item]:
        pytest.skip(f"no browser to drive: {browser.missing()}", allow_module_level=True)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    if browser.missing() is None:
        return None
    return SkippedFile.from_parent(parent, path=module_path)


@pytest.fixture(scope="session")
def shared_browser() -> Iterator[Any]:
    with browser.browser() as driver:
        yield driver


@pytest.fixture
def driver(shared_browser: Any) -> Iterator[Any]:  # noqa: ANN401
    """A browser that remembers nothing, whose console was free of errors at the end."""
    shared_browser.get_log("browser")
    browser.resize(shared_browser, DESKTOP)
    yield shared_browser
    logged = [entry for entry in shared_browser.get_log("browser") if not _is_expected(entry)]
    shared_browser.get("about:blank")
    assert logged == []


def _is_expected(entry: dict[str, str]) -> bool:
    """What Chromium notes of an answer that is an answer: nobody there, no token."""
    text = entry["message"]
    if "/favicon.ico" in text:  # asked for by the browser where a test loads no page
        return True
    is_network = entry["source"] == "network" or "WebSocket connection to" in text
    known = (
        "ERR_CONNECTION",
        "ERR_EMPTY_RESPONSE",
        "status of 401",
        "ERR_SOCKET",
        "ERR_INCOMPLETE",
    )
    return is_network and any(each in text for each in known)


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a decoder that the tests of a file share; in its store is a session of long ago."""
    folder = tmp_path_factory.mktemp("decoder")
    asyncio.run(_store_long_session(folder / "series.sqlite"))
    with processes.decoder(folder) as url:
        yield url


async def _store_long_session(path: Path) -> None:
    """Three hours of two frames a second, some of them missing."""
    statuses = [*[Status.OK] * 7, Status.NO_FACE, Status.SKIPPED, Status.LOST]
    samples = []
    for n in range(3 * 3600 * 2):
        status = statuses[n * 7 % 10]
        valence = round(math.sin(n / 100), 4)
        coded = {"valence": valence, "sigma": 0.2, "px": 32, "qp": 30} if status == "ok" else {}
        t = 1767225600 + n / 2
        samples.append(
            Sample(id=n + 1, session=LONG, seq=n, t=t, status=status, wire_bps=8000, **coded)
        )
    store = await SqliteStore.open(path)
    await store.append(samples)
    await store.note_ended(LONG, samples[-1].t, "finished")
    await store.close()


Until = Callable[..., Any]


@pytest.fixture(scope="session")
def until() -> Until:
    """Waits until a call gives something true, and gives that back."""

    def wait(call: Callable[[], Any], what: str, timeout_s: float = 90) -> Any:  # noqa: ANN401
        deadline = monotonic() + timeout_s
        while monotonic() < deadline:
            found = call()
            if found:
                return found
            sleep(0.1)
        return pytest.fail(f"not within {timeout_s:g} s: {what}")

    return wait

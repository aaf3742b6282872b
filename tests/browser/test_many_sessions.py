"""The page where there are more sessions than it lists, and some without anything in them."""

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_lab import browser, processes
from narrowcast_shared.samples import Sample, Status

from .page import Page

if TYPE_CHECKING:
    from selenium.webdriver import Chrome as Driver

Until = Callable[..., Any]

EARLIER = 310
START_T = 1767225600.0


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a decoder with many sessions of long ago, and of a few minutes ago `full`, which has
    samples, and `none`.
    """
    folder = tmp_path_factory.mktemp("crowded")
    asyncio.run(_store(folder / "series.sqlite"))
    with processes.decoder(folder) as url:
        yield url


async def _store(path: Path) -> None:
    store = await SqliteStore.open(path)
    for n in range(EARLIER):
        t = START_T + 60 * n
        await store.append(_samples(f"old-{n:03d}", t, 30))
        await store.note_ended(f"old-{n:03d}", t + 3, "finished")
    now_t = time.time()
    await store.append(_samples("full", now_t - 100, 900))
    await store.note_ended("full", now_t - 10, "finished")
    await store.note_started("none", now_t - 9)
    await store.note_ended("none", now_t - 5, "finished")
    await store.close()


def _samples(session: str, t: float, count: int) -> list[Sample]:
    read: dict[str, Any] = {"sigma": 0.2, "px": 32, "qp": 30, "wire_bps": 8000, "latency_ms": 90}
    return [
        Sample(
            id=n + 1,
            session=session,
            seq=n,
            t=t + n / 10,
            status=Status.OK,
            valence=round(math.sin(n / 30), 4),
            **read,
        )
        for n in range(count)
    ]


def go_to(page: Page, session: str) -> None:
    page.js("location.hash = `session=${arguments[0]}`", session)


def test_one_that_is_not_listed_is_found_by_its_name(
    crowded: str, driver: "Driver", until: Until
) -> None:
    page = Page(driver, crowded)
    page.open("old-000")
    until(lambda: page.last_id() == 30, "the oldest session")
    assert page.text("focus-name") == "old-000"
    page.check_drawn_is_stored("old-000")
    title = page.js("return document.getElementById('earlier-title').textContent")
    assert title.startswith("Earlier sessions (the newest 29")
    go_to(page, "old-001")
    until(lambda: page.text("focus-name") == "old-001" and page.last_id() == 30, "another one")
    page.open("full")
    until(lambda: page.last_id() == 900, "one that is listed")


def test_a_session_without_samples_shows_nothing_of_another(
    crowded: str, driver: "Driver", until: Until
) -> None:
    page = Page(driver, crowded)
    page.open("full")
    until(lambda: page.last_id() == 900, "a session")
    assert page.text("value") != "\u2013"
    go_to(page, "none")
    until(lambda: page.text("focus-name") == "none", "the one that has none")
    until(lambda: page.text("value") == "\u2013", "that there is no value")
    until(lambda: (drawn := page.drawn()) and drawn["session"] == "none", "what is drawn")
    drawn = page.drawn()
    assert (drawn["samples"], drawn["curve"]) == ([], [])
    assert all(not any(each["counts"]) for each in drawn["strip"])
    assert page.text("focus-state") == "ended"


def test_what_stands_still_is_drawn_anew_where_its_place_changes(
    crowded: str, driver: "Driver", until: Until
) -> None:
    page = Page(driver, crowded)
    page.open("full")
    until(lambda: page.last_id() == 900, "a session that has ended")
    is_sharp = """return [...document.querySelectorAll("#panels .strip")]
        .every((c) => c.width === Math.round(c.clientWidth * devicePixelRatio))"""
    until(lambda: page.js(is_sharp), "its strip")
    browser.resize(driver, browser.PHONE)
    until(lambda: page.js(is_sharp), "its strip on a phone, under the same times as the curve")
    metrics = {**browser.PHONE._asdict(), "deviceScaleFactor": 3, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    page.js("dispatchEvent(new Event('dppxchange'))")  # uPlot's; an emulated screen tells nobody
    until(lambda: page.js(is_sharp), "its strip on a finer screen")


@pytest.mark.parametrize("hours", [-5, 0, 5])
def test_a_browser_whose_clock_is_off_shows_the_same_cards(
    crowded: str, driver: "Driver", until: Until, hours: int
) -> None:
    page = Page(driver, crowded)
    script = f"const now = Date.now; Date.now = () => now() + {hours * 3_600_000};"
    added = driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    try:
        page.open("full")
        until(lambda: page.last_id() == 900, "the session")
        cards = "return [...document.querySelectorAll('#cards .name')].map((n) => n.textContent)"
        assert page.js(cards) == ["full", "none"]
    finally:
        driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_where_the_browser_stores_nothing_the_page_works(
    crowded: str, driver: "Driver", until: Until
) -> None:
    script = """for (const name of ["localStorage", "sessionStorage"])
        Object.defineProperty(window, name, { get() { throw new DOMException("not allowed"); } });
    """
    added = driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    try:
        driver.get("about:blank")
        driver.get(f"{crowded}/#session=full")
        page = Page(driver, crowded)
        until(lambda: page.last_id() == 900, "the session")
        driver.find_element("id", "theme").click()
    finally:
        driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_an_answer_of_a_proxy_is_no_reason_to_stop_asking(
    crowded: str, driver: "Driver", until: Until
) -> None:
    page = Page(driver, crowded)
    page.open("full")
    until(lambda: page.last_id() == 900, "the session")
    page.js(
        """window.real = fetch;
        window.fetch = async () => new Response("nothing here", { status: 404 });"""
    )
    until(lambda: page.shows("notice"), "that something is wrong")
    assert "Trying again" in page.text("notice")
    page.js("window.fetch = window.real")
    until(lambda: not page.shows("notice"), "that it is over")


def test_marks_are_read_once(crowded: str, driver: "Driver", until: Until) -> None:
    page = Page(driver, crowded)
    page.open("full")
    until(lambda: page.last_id() == 900, "the session")
    add = """const [t, text] = arguments;
        const headers = { "Content-Type": "application/json" };
        const body = JSON.stringify({ t, text });
        fetch("v1/sessions/full/marks", { method: "POST", headers, body });
    """
    last_t = page.drawn()["window"][1]
    page.js(add, last_t - 1, "second")
    until(lambda: [m["text"] for m in page.drawn()["marks"]] == ["second"], "a mark")
    page.js(add, last_t - 2, "first")
    until(lambda: [m["text"] for m in page.drawn()["marks"]] == ["first", "second"], "and another")
    asked = """return performance.getEntriesByType("resource").map((entry) => entry.name)
        .filter((name) => name.includes("/full/marks?")).at(-1)"""
    until(lambda: page.js(asked).endswith("after=2"), "that only later ones are asked for")
    page.open("full")
    until(lambda: [m["text"] for m in page.drawn()["marks"]] == ["first", "second"], "both again")


def test_cards_that_go_leave_nothing_behind(crowded: str, driver: "Driver") -> None:
    """A page that is open for weeks sees thousands of sessions come and go."""
    driver.get(crowded)
    script = """
    const [count, done] = arguments;
    Promise.all(["card", "session", "overview"].map((name) => import(`/page/${name}.js`)))
      .then(([, { Session }, { Overview }]) => {
        const animator = { add() {}, remove() {} };
        const overview = new Overview(animator);
        const summary = (n) => ({
          session: `s-${n}`, state: "ended", started_t: 1, written_t: Date.now() / 1000,
          first_t: 1, last_t: 2, first_id: 1, last_id: 2, samples: 2, by_status: {} });
        const sample = (id) => ({ id, seq: id, t: id, status: "ok", valence: 0, sigma: 0.1 });
        for (let n = 0; n < count; n++) {
          const drawn = [];
          animator.add = (card) => drawn.push(card);
          const session = new Session(summary(n));
          session.open = session.close = () => {};
          session.series.merge([sample(1), sample(2)]);
          overview.update([session], null);
          for (const card of drawn) card.draw();
          overview.update([], null);
        }
        done();
      });
    """
    left = []
    for count in (5, 5, 60):
        driver.execute_async_script(script, count)
        driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        time.sleep(0.2)
        driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        left.append(driver.execute_cdp_cmd("Memory.getDOMCounters", {}))
    _, before, after = left
    assert after["nodes"] - before["nodes"] < 150
    assert after["jsEventListeners"] - before["jsEventListeners"] < 60

"""The page against a real decoder and encoder: a stream starts, its line is cut, it goes on."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from narrowcast_lab import browser, processes
from narrowcast_lab.line import line

from .page import Page

if TYPE_CHECKING:
    from selenium.webdriver import Chrome as Driver

Until = Callable[..., Any]
SECRET = "browser-test-secret"
WRONG = "another-secret-altogether"


def encode(url: str, session: str, *flags: str) -> list[str]:
    return ["encode", "sample", "--loop", "--to", url, "--session", session, "--fps=10", *flags]


def test_a_stream_starts_its_line_is_cut_and_the_page_shows_each(
    driver: "Driver", tmp_path: Path, until: Until
) -> None:
    with processes.decoder(tmp_path) as url, line(urlsplit(url).port or 0) as cuttable:
        page = Page(driver, url)
        # 1. Nobody publishes.
        page.open()
        until(lambda: page.shows("empty"), "the state without sessions")
        assert f"narrowcast encode 0 --to {url} " in page.text("command")
        # 2. A stream starts, and is shown without anybody's doing.
        with processes.narrowcast(encode(cuttable.url, "anna"), tmp_path / "encoder.log"):
            until(lambda: page.last_id() > 20, "the first samples")
            assert not page.shows("empty")
            assert page.text("focus-name") == "anna"
            assert page.text("focus-state") == "live"
            until(lambda: page.text("value")[0] in "+\u2212", "a value, not the dash of none")
            # 3. Its curve moves.
            before = page.drawn()["window"][1]
            until(lambda: page.drawn()["window"][1] > before + 1, "a curve that moves")
            page.check_drawn_is_stored("anna")
            # 4. The line is cut.
            cuttable.cut()
            until(lambda: page.text("focus-state") == "interrupted", "the cut line")
            assert "connection is lost" in page.text("focus-message")
            at_cut = page.last_id()
            # 5. It is mended: what the encoder held comes, and then the stream goes on.
            cuttable.mend()
            until(lambda: page.text("focus-state") == "live", "the mended line")
            until(lambda: late_in(page) and page.last_id() > at_cut + 60, "what came late")
            page.check_drawn_is_stored("anna")
        # 6. The encoder ends in order.
        until(lambda: page.text("focus-state") == "ended", "the end")
        assert "has ended" in page.text("focus-message")
        until(lambda: page.last_id() == len(page.stored("anna")), "all of it")
        page.check_drawn_is_stored("anna")


def late_in(page: Page) -> int:
    return sum(each["late"] for each in page.drawn()["strip"])


def test_the_decoder_is_killed_and_the_page_goes_on_without_gap_or_double(
    driver: "Driver", tmp_path: Path, until: Until
) -> None:
    port = processes.free_port()
    url = f"http://127.0.0.1:{port}"
    page = Page(driver, url)
    with processes.narrowcast(encode(url, "bert"), tmp_path / "encoder.log"):
        with processes.decoder(tmp_path, port=port):
            page.open("bert")
            until(lambda: page.last_id() > 20, "the first samples")
            service = processes.children()[-1]
            service.kill()
            until(lambda: page.shows("notice"), "the lost connection")
            assert "Connection to the decoder lost" in page.text("notice")
            before = page.last_id()
            assert before > 20, "what was there is still shown"
        with processes.decoder(tmp_path, port=port):
            until(lambda: not page.shows("notice"), "the decoder that is back")
            until(lambda: page.last_id() > before + 40, "samples behind the last one")
            page.check_drawn_is_stored("bert")


def test_a_token_is_wanted_refused_and_taken(
    driver: "Driver", tmp_path: Path, until: Until
) -> None:
    tokens = tmp_path / "tokens.toml"
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    tokens.write_text(
        f'[[token]]\nname = "all"\nsha256 = "{digest}"\nscopes = ["publish", "annotate", "admin"]\n'
    )
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    with processes.decoder(tmp_path, "--tokens", str(tokens)) as url:
        page = Page(driver, url)
        publish = encode(url, "carl", "--token-file", str(secret))
        with processes.narrowcast(publish, tmp_path / "encoder.log"):
            page.open()
            until(lambda: page.shows("token"), "a token that is wanted")
            assert "bring a token" in page.text("token-why")
            give_token(page, "short")
            assert "no token" in page.text("token-why")
            give_token(page, WRONG)
            until(lambda: "refused" in page.text("token-why"), "a token that is refused")
            give_token(page, SECRET)
            until(lambda: page.last_id() > 10, "the series, over a WebSocket with the token")
            assert not page.shows("token")
            assert page.js("return sessionStorage.getItem('narrowcast.token')") == SECRET
            assert page.js("return localStorage.length") == 0
            page.driver.find_element("id", "forget").click()
            until(lambda: page.shows("token"), "a token that is wanted again")


def give_token(page: Page, text: str) -> None:
    page.driver.find_element("id", "token-text").send_keys(text + "\n")


@pytest.fixture(scope="module")
def streams(decoder: str, tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401
    """Two sessions that go on."""
    folder = tmp_path_factory.mktemp("streams")
    with (
        processes.narrowcast(encode(decoder, "dora"), folder / "dora.log"),
        processes.narrowcast(encode(decoder, "emil", "--cap=8k", "--preview"), folder / "emil.log"),
    ):
        deadline = time.monotonic() + 90
        while _live(decoder) < {"dora", "emil"} and time.monotonic() < deadline:
            time.sleep(0.1)
        yield decoder


def _live(url: str) -> set[str]:
    listed: Any = processes.get_json(f"{url}/v1/sessions")["sessions"]
    return {each["session"] for each in listed if each["state"] == "live"}


def test_sessions_are_cards_of_which_one_is_opened_by_key(
    streams: str, driver: "Driver", until: Until
) -> None:
    page = Page(driver, streams)
    page.open()
    live = "return document.querySelectorAll('#cards .state[data-state=live]').length"
    until(lambda: page.js(live) == 2, "two cards that are live")
    until(lambda: not page.shows("focus"), "no session that is looked at")
    card = driver.find_element("css selector", "a[href='#session=dora']")
    card.send_keys("\n")
    until(lambda: page.last_id() > 10, "the session that was opened")
    assert page.text("focus-name") == "dora"
    assert page.js("return document.activeElement.id") == "panels"
    driver.back()
    until(lambda: not page.shows("focus"), "all sessions again")


def test_a_mark_is_added_by_key_and_drawn_from_the_store(
    streams: str, driver: "Driver", until: Until
) -> None:
    page = Page(driver, streams)
    page.open("dora")
    until(lambda: page.last_id() > 10, "the session")
    driver.find_element("id", "panels").send_keys("m")
    until(lambda: page.shows("mark-dialog"), "the question what happened")
    text = "<b>stimulus</b> 3"
    driver.find_element("id", "mark-text").send_keys(text + "\n")
    until(lambda: not page.shows("mark-dialog"), "the mark that was kept")
    marks: Any = processes.get_json(f"{streams}/v1/sessions/dora/marks")
    assert [mark["text"] for mark in marks] == [text]
    low, high = page.drawn()["window"]
    assert low < marks[0]["t"] <= high
    until(lambda: page.drawn()["marks"] == [{"t": marks[0]["t"], "text": text}], "its line")


def test_it_can_be_read_on_a_phone_in_light_and_dark(
    streams: str, driver: "Driver", until: Until
) -> None:
    page = Page(driver, streams)
    page.open("dora")
    until(lambda: page.last_id() > 10, "the session")
    background = "return getComputedStyle(document.documentElement).backgroundColor"
    light = page.js(background)
    browser.resize(driver, browser.PHONE, dark=True)
    until(lambda: page.js(background) != light, "the dark page")
    until(lambda: page.js("return document.body.scrollWidth") <= 360, "all of it, within 360 px")
    assert page.js("return document.querySelector('#panels canvas').clientWidth") > 250
    driver.find_element("id", "theme").click()
    assert page.js(background) == light
    page.open("dora")


def test_hours_back_only_what_is_looked_at_is_loaded(
    decoder: str, driver: "Driver", until: Until
) -> None:
    from selenium.webdriver import Keys  # noqa: PLC0415

    page = Page(driver, decoder)
    page.open("long-ago")
    until(lambda: page.last_id() == 21_600, "its end")
    assert page.text("focus-state") == "ended"
    panels = driver.find_element("id", "panels")
    panels.send_keys(Keys.HOME)
    until(lambda: page.drawn()["samples"] and page.drawn()["samples"][0]["id"] == 1, "its start")
    page.check_drawn_is_stored("long-ago")
    for _ in range(5):
        panels.send_keys(Keys.SHIFT, Keys.ARROW_RIGHT, Keys.NULL)
    until(lambda: page.drawn()["window"][0] == 1767225600 + 150, "moved by 150 s")
    until(lambda: page.drawn()["samples"], "what was loaded")
    page.check_drawn_is_stored("long-ago")
    panels.send_keys(Keys.END)
    until(lambda: page.last_id() == 21_600, "its end again")
    page.check_drawn_is_stored("long-ago")


def test_the_face_is_shown_where_its_publisher_allows_it(
    streams: str, driver: "Driver", until: Until
) -> None:
    page = Page(driver, streams)
    page.open("emil")
    until(lambda: page.shows("face"), "the received face")
    width = "return document.getElementById('face-received').naturalWidth"
    assert until(lambda: page.js(width), "a picture") in range(4, 97)
    assert page.js("return document.getElementById('face-received').alt")
    until(lambda: page.requests("/v1/sessions/emil/face") > 3, "one picture after the other")


def test_the_face_of_who_does_not_allow_it_is_not_asked_for(
    streams: str, driver: "Driver", until: Until
) -> None:
    page = Page(driver, streams)
    page.open("emil")
    until(lambda: page.shows("face"), "the face of another session")
    driver.execute_script("location.hash = 'session=dora'")
    until(lambda: page.text("focus-name") == "dora", "the session")
    assert not page.shows("face")
    listed = page.requests("/v1/sessions")
    asked = page.requests("/v1/sessions/emil/face")
    until(lambda: page.requests("/v1/sessions") > listed + 2, "some seconds of it")
    assert page.last_id() > 10
    assert not page.shows("face")
    assert page.requests("/v1/sessions/dora/face") == 0
    assert page.requests("/v1/sessions/emil/face") <= asked + 1, "one may have been under way"


def test_the_face_comes_and_goes_with_the_encoder_that_allows_it(
    decoder: str, driver: "Driver", tmp_path: Path, until: Until
) -> None:
    page = Page(driver, decoder)
    path = "/v1/sessions/fay/face"
    with processes.narrowcast(encode(decoder, "fay"), tmp_path / "without.log"):
        page.open("fay")
        until(lambda: page.last_id() > 10, "the session")
    until(lambda: page.text("focus-state") == "ended", "its end")
    assert page.requests(path) == 0
    with processes.narrowcast(encode(decoder, "fay", "--preview"), tmp_path / "with.log"):
        until(lambda: page.shows("face"), "the face, now that it is allowed")
    until(lambda: not page.shows("face"), "that it is gone with its encoder")
    until(lambda: page.text("focus-state") == "ended", "its end")
    listed = page.requests("/v1/sessions")
    until(lambda: page.requests("/v1/sessions") > listed, "what was under way, which counts late")
    asked = page.requests(path)
    until(lambda: page.requests("/v1/sessions") > listed + 3, "some seconds without it")
    assert page.requests(path) == asked


def test_an_unknown_session_is_told_of(streams: str, driver: "Driver", until: Until) -> None:
    page = Page(driver, streams)
    page.open("nobody")
    until(lambda: page.shows("unknown"), "the message")
    assert "nobody" in page.text("unknown-why")
    assert page.shows("overview")
    page.open("100%")  # which is no escape of a URL
    until(lambda: "100%" in page.text("unknown-why"), "the message")


def test_the_csv_link_leads_to_the_whole_series(
    streams: str, driver: "Driver", until: Until
) -> None:
    page = Page(driver, streams)
    page.open("dora")
    until(lambda: page.last_id() > 10, "the session")
    href = driver.find_element("id", "csv").get_attribute("href")
    assert href == f"{streams}/v1/sessions/dora/samples?format=csv"


def test_back_in_time_by_keys_and_by_dragging_and_live_again(
    streams: str, driver: "Driver", until: Until
) -> None:
    from selenium.webdriver import ActionChains, Keys  # noqa: PLC0415

    page = Page(driver, streams)
    page.open("dora")
    until(lambda: page.last_id() > 0, "the session")
    first_t = min(sample["t"] for sample in page.stored("dora").values())
    until(lambda: page.drawn()["window"][1] > first_t + 17, "some seconds of it")
    panels = driver.find_element("id", "panels")
    for _ in range(3):
        panels.send_keys("+")  # 15 s are shown
    until(lambda: (w := page.drawn()["window"])[1] - w[0] == pytest.approx(15), "a shorter time")
    panels.send_keys(Keys.HOME)
    until(lambda: page.drawn()["window"][0] == pytest.approx(first_t, abs=0.1), "the start")
    page.check_drawn_is_stored("dora")
    panels.send_keys(Keys.END)
    until(lambda: page.drawn()["isLive"], "live again")
    assert not page.shows("to-live")
    ActionChains(driver).drag_and_drop_by_offset(panels, 150, 0).perform()
    until(lambda: not page.drawn()["isLive"], "dragged back in time")
    fixed = page.drawn()["window"]
    until(lambda: page.last_id() and page.drawn()["window"] == fixed, "a view that stands still")
    driver.find_element("id", "to-live").click()
    until(lambda: page.drawn()["isLive"], "live again")

"""The page at /docs in a browser that reaches nothing but the decoder: the API, shown and tried."""

import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import pytest

from narrowcast_lab import processes

if TYPE_CHECKING:
    from selenium.webdriver import Chrome as Driver

Until = Callable[..., Any]

OPERATIONS = "return document.querySelectorAll('.opblock').length"
FETCHED = "return performance.getEntriesByType('resource').map((entry) => entry.name)"
TEXT = "return document.body.innerText"
CLICK = "document.querySelector(arguments[0]).click()"
LIST = "#operations-sessions-list_sessions"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a decoder that wants a token of whoever reads a series."""
    folder = tmp_path_factory.mktemp("guarded")
    config = folder / "narrowcast.toml"
    config.write_text(f'subscribe_token = "{"s" * 32}"\n')
    with processes.decoder(folder, "--config", str(config)) as url:
        yield url


def shown(driver: "Driver", url: str, until: Until) -> None:
    driver.get("about:blank")
    driver.get(f"{url}/docs")
    until(lambda: driver.execute_script(OPERATIONS) > 8, "the operations")


def test_it_is_shown_and_nothing_else_is_asked(
    driver: "Driver", decoder: str, until: Until
) -> None:
    shown(driver, decoder, until)
    text = driver.execute_script(TEXT)
    assert "/v1/sessions/{session}/samples" in text
    assert "narrowcast decoder" in text
    fetched = driver.execute_script(FETCHED)
    assert {urlsplit(url).path for url in fetched} >= {"/openapi.json", "/page/swagger-ui.js"}
    assert {urlsplit(url).netloc for url in fetched if not url.startswith("data:")} == {
        urlsplit(decoder).netloc
    }


def test_a_request_is_tried_out(driver: "Driver", decoder: str, until: Until) -> None:
    shown(driver, decoder, until)
    tried(driver, until)
    until(lambda: '"sessions"' in driver.execute_script(TEXT), "the answer")
    assert "long-ago" in driver.execute_script(TEXT)


def tried(driver: "Driver", until: Until) -> None:
    driver.execute_script(CLICK, f"{LIST} .opblock-summary-control")
    for button in (f"{LIST} .try-out__btn", f"{LIST} .execute"):
        until(
            lambda button=button: driver.execute_script(
                "return document.querySelector(arguments[0]) !== null", button
            ),
            button,
        )
        driver.execute_script(CLICK, button)


def test_where_tokens_are_asked_for_it_shows_the_description_alone(
    driver: "Driver", guarded: str, until: Until
) -> None:
    shown(driver, guarded, until)
    tried(driver, until)
    until(lambda: "401" in driver.execute_script(TEXT), "the refusal")
    assert "urn:narrowcast:problem" in driver.execute_script(TEXT)


class Prefixed(BaseHTTPRequestHandler):
    """A proxy that serves the decoder under /narrow/, and nothing else."""

    decoder: ClassVar[str]
    asked: ClassVar[list[str]]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        path = self.path.removeprefix("/narrow")
        if path == self.path:
            self.send_error(404)
            return
        with urllib.request.urlopen(self.decoder + path, timeout=30) as answer:
            body = answer.read()
            self.send_response(answer.status)
            for name in ("Content-Type", "Content-Security-Policy"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def prefixed(decoder: str) -> Iterator[str]:
    """URL of the decoder behind a proxy."""
    Prefixed.decoder, Prefixed.asked = decoder, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Prefixed) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/narrow"
        server.shutdown()


def test_behind_a_proxy_it_asks_below_its_prefix(
    driver: "Driver", prefixed: str, until: Until
) -> None:
    shown(driver, prefixed, until)
    tried(driver, until)
    until(lambda: "long-ago" in driver.execute_script(TEXT), "the answer")
    assert "/narrow/v1/sessions" in {path.partition("?")[0] for path in Prefixed.asked}
    assert all(path.startswith("/narrow/") for path in Prefixed.asked if "favicon" not in path)

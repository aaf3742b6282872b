"""The page over HTTP: what is given, and what a browser is told about it."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from narrowcast_decoder.api import problems
from narrowcast_decoder.page import assets, router
from narrowcast_decoder.security.policy import requirement
from narrowcast_shared import charts
from narrowcast_shared.errors import SettingsError

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
STATIC = files("narrowcast_decoder.page").joinpath("static")
NAMES = sorted(item.name for item in STATIC.iterdir())
CHARTS = {"uplot.js", "uplot.css"}

Call = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


def ask(call: Call) -> httpx.Response:
    """The answer of an application that is the page alone."""
    app = FastAPI(docs_url=None)
    problems.install(app)
    app.include_router(router.router)

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
            return await call(client)

    return asyncio.run(asked())


def get(path: str, **headers: str) -> httpx.Response:
    return ask(lambda client: client.get(path, headers=headers))


def test_a_browser_gets_the_page_and_everybody_else_the_index() -> None:
    page = get("/", **HTML)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>narrowcast</title>" in page.text
    for accept in ("*/*", "application/json", ""):
        index = get("/", Accept=accept)
        assert index.json()["links"]["sessions"] == "/v1/sessions"
        assert index.headers["vary"] == "Accept"


def test_nothing_of_others_is_loaded_and_no_text_becomes_markup() -> None:
    told = get("/", **HTML).headers["content-security-policy"]
    policy = dict(part.strip().partition(" ")[::2] for part in told.split(";"))
    assert policy["default-src"] == "'none'"
    for kind in ("script-src", "style-src", "connect-src"):
        assert policy[kind] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in told
    page = "".join(STATIC.joinpath(name).read_text() for name in assets.PAGES)
    assert not re.search(r"<style|<script(?![^>]*src=)|\sstyle=|\son\w+=", page)
    assert not re.search(r"(src|href)=\"(https?:)?//", page)


@pytest.mark.parametrize("name", NAMES)
def test_our_files_use_no_way_to_turn_text_into_markup(name: str) -> None:
    text = STATIC.joinpath(name).read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text


@pytest.mark.parametrize(
    "name",
    [*(name for name in NAMES if name not in assets.PAGES), *sorted(CHARTS), *assets.API_FILES],
)
def test_a_file_has_its_type_and_is_asked_for_once(name: str) -> None:
    first = get(f"/page/{name}", **{"Accept-Encoding": "gzip"})
    assert first.status_code == 200
    kinds = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    assert first.headers["content-type"].startswith(kinds[name.rpartition(".")[2]])
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["content-encoding"] == "gzip"
    again = get(f"/page/{name}", **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = get(f"/page/{name}", **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == first.content
    other = get(f"/page/{name}", **{"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_every_file_that_a_file_asks_for_is_there() -> None:
    pages = "".join(STATIC.joinpath(name).read_text() for name in assets.PAGES)
    wanted = set(re.findall(r"(?:src|href)=\"page/([^\"]+)\"", pages))
    for name in NAMES:
        if name.endswith(".js"):
            text = STATIC.joinpath(name).read_text()
            wanted |= set(re.findall(r"from \"\./([^\"]+)\"", text))
    assert wanted == set(NAMES) - assets.PAGES | CHARTS | set(assets.API_FILES)
    assert all(assets.find(name) for name in wanted)


@pytest.mark.parametrize(
    "name", ["nothing.js", "index.html", "docs.html", "router.py", "..%2frouter.py", "%2e%2e"]
)
def test_there_are_no_other_files(name: str) -> None:
    answer = get(f"/page/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == problems.MEDIA_TYPE


def test_without_the_charts_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> assets.Asset:
        raise SettingsError(f"{name} is not installed", "pip install it")

    monkeypatch.setattr(assets, "charts", missing)
    answer = get("/page/uplot.js")
    assert answer.status_code == 503
    assert answer.json()["remedy"] == "pip install it"


@pytest.mark.parametrize("path", ["/", "/page/main.js", "/page/uplot.js"])
def test_the_files_are_open_without_a_token(path: str) -> None:
    wanted = requirement("GET", path)
    assert wanted.scope is None
    assert not wanted.any_scope


@pytest.mark.parametrize(
    "path", ["/page", "/page/a/b", "/page/../v1/sessions", "/page/..", "/v1/sessions", "/pages/x"]
)
def test_nothing_else_is(path: str) -> None:
    wanted = requirement("GET", path)
    assert wanted.scope is not None or wanted.any_scope


def test_uplot_is_the_library_and_says_its_licence() -> None:
    assert "MIT" in charts.uplot_script()[:300]
    assert "MIT" in charts.uplot_style()[:300]
    assert "var uPlot" in charts.uplot_script()
    assert ".uplot" in charts.uplot_style()


def test_the_package_that_carries_uplot_brings_no_others() -> None:
    assert not distribution(charts.PACKAGE).requires


def test_a_file_that_is_not_uplot_s_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    vendor = tmp_path / charts.PACKAGE / "vendor"
    vendor.mkdir(parents=True)
    (vendor.parent / "__init__.py").touch()
    (vendor / "uplot.iife.min.js").write_text("var uPlot = somethingElse;")
    monkeypatch.syspath_prepend(tmp_path)
    charts.uplot_script.cache_clear()
    with pytest.raises(SettingsError, match=r"is not the file of uPlot 1\.6\.31: pip install"):
        charts.uplot_script()
    (vendor / "uplot.iife.min.js").unlink()
    with pytest.raises(SettingsError, match="cannot be read"):
        charts.uplot_script()


def test_uplot_that_is_missing_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    charts.uplot_script.cache_clear()
    monkeypatch.setattr(charts.importlib.util, "find_spec", lambda _: None)
    assert not charts.has_uplot()
    with pytest.raises(SettingsError, match="pip install"):
        charts.uplot_script()
    monkeypatch.undo()
    assert charts.has_uplot()


def test_the_api_has_a_page_that_is_shown_to_everybody() -> None:
    page = get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert get("/").json()["links"]["docs"] == "/docs"


def test_without_swagger_ui_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "_API_PACKAGE", "no_such_package")
    assets.api_file.cache_clear()
    answer = get("/page/swagger-ui.js")
    assert answer.status_code == 503
    assert "pip install '.[decoder]'" in answer.json()["remedy"]
    assets.api_file.cache_clear()

"""`make docs`: the site is built, its links and anchors lead somewhere, and it asks no network."""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest

from narrowcast_decoder.settings import DecoderSettings
from narrowcast_lab.reference import __main__ as reference
from narrowcast_lab.reference.http_pages import document
from narrowcast_lab.reference.walk import contexts

ROOT = Path(__file__).parents[2]

LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}
"""Elements that a browser fetches without being asked, and where they say from where."""

SELDOM_LOADED = {"canonical", "next", "prev", "license"}
"""Kinds of <link> that it does not."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return folder


class _Fetched(HTMLParser):
    """The URLs that a page has a browser fetch, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "link" and said.get("rel") in SELDOM_LOADED:
            return
        if url := said.get(LOADED.get(tag, "")):
            self.urls.append(url)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: Path) -> _Fetched:
    parser = _Fetched()
    parser.feed(page.read_text())
    return parser


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        for url in read(page).urls:
            assert not re.match(r"(\w+:)?//", url), f"{page.name} fetches {url}"
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", sheet.read_text()), sheet


def test_every_command_is_in_the_reference(site: Path) -> None:
    text = read(site / "commands.html").text
    paths = [context.command_path for context in contexts()]
    assert len(paths) > 20
    for context in contexts():
        assert context.command_path in text
        for parameter in context.command.params:
            if isinstance(parameter, click.Option):
                assert parameter.opts[0] in text


def test_every_path_and_schema_is_in_the_reference(site: Path) -> None:
    text = read(site / "http-api.html").text
    api = document()
    for path, methods in api["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in text
    for name, schema in api["components"]["schemas"].items():
        assert name in text
        assert all(key in text for key in schema.get("properties", {}))


def test_every_setting_is_in_the_reference(site: Path) -> None:
    text = read(site / "settings.html").text
    for name in DecoderSettings.model_fields:
        assert f"NARROWCAST_{name.upper()}" in text
    assert "--max-age" in text


def test_every_page_is_in_the_navigation(site: Path) -> None:
    start = (site / "index.html").read_text()
    for page in (ROOT / "docs").glob("*.md"):
        name = "index" if page.stem == "README" else page.stem
        assert name == "index" or f'href="{name}.html"' in start


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages as the command writes them, on a terminal that is narrow; in a process of its own,
    for click keeps parts of help pages that other tests have drawn.
    """
    folder = tmp_path_factory.mktemp("docs")
    for name in reference.PAGES:
        shutil.copy(ROOT / f"docs/{name}.md", folder)
    command = [sys.executable, "-m", "narrowcast_lab.reference", str(folder)]
    environment = {**os.environ, "COLUMNS": "60"}
    subprocess.run(command, env=environment, capture_output=True, check=True, timeout=100)
    return folder


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_the_committed_reference_is_current(name: str, written: Path) -> None:
    """It can be read where the repository is, without a build."""
    text = (ROOT / f"docs/{name}.md").read_text()
    assert text.count("\n") > 40
    assert f"<!-- reference: {name} -->" in text
    assert text == (written / f"{name}.md").read_text(), (
        f"docs/{name}.md is not what the code says: run `make reference` ({reference.COMMAND})"
    )

"""The files of the page, read once: plain, compressed, and with a tag that their content gives."""

import gzip
import hashlib
import importlib.util
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from narrowcast_shared.charts import uplot_script, uplot_style
from narrowcast_shared.errors import SettingsError, install_hint

CHARTS_SCRIPT = "uplot.js"
CHARTS_STYLE = "uplot.css"
"""The two of the live page that come from a package of others."""

API_FILES = {"swagger-ui.js": "swagger-ui-bundle.js", "swagger-ui.css": "swagger-ui.css"}
"""Swagger UI, as the package fastapi-offline ships it: our name and theirs. Nothing is imported."""

INDEX = "index.html"
API = "docs.html"
PAGES = {INDEX, API}
"""Each has a path of its own, and headers of its own."""

_API_PACKAGE = "fastapi_offline"

_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Asset(NamedTuple):
    """One file as it is sent. etag: as headers have it; weak, for it stands for both codings."""

    content: bytes
    compressed: bytes
    media_type: str
    etag: str


@cache
def ours() -> dict[str, Asset]:
    """The page's own files, by name."""
    folder = files("narrowcast_decoder.page").joinpath("static")
    return {item.name: _asset(item.name, item.read_bytes()) for item in folder.iterdir()}


@cache
def charts(name: str) -> Asset:
    """The script or the style sheet of uPlot. Raises SettingsError where it is not installed."""
    text = uplot_script() if name == CHARTS_SCRIPT else uplot_style()
    return _asset(name, text.encode())


@cache
def api_file(name: str) -> Asset:
    """A file of Swagger UI. Raises SettingsError where it is not installed."""
    spec = importlib.util.find_spec(_API_PACKAGE)
    if spec is not None and spec.origin is not None:
        path = Path(spec.origin).with_name("static") / API_FILES[name]
        if path.is_file():
            return _asset(name, path.read_bytes())
    raise SettingsError(
        "Swagger UI, which shows the API, is not installed", install_hint("decoder")
    )


def find(name: str) -> Asset | None:
    """The file of that name, None where there is none. Raises SettingsError as `charts` and
    `api_file` do.
    """
    if name in {CHARTS_SCRIPT, CHARTS_STYLE}:
        return charts(name)
    if name in API_FILES:
        return api_file(name)
    return ours().get(name)


def _asset(name: str, content: bytes) -> Asset:
    media_type = _MEDIA_TYPES[name[name.rindex(".") :]]
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:20]}"'
    return Asset(content, gzip.compress(content, mtime=0), media_type, etag)

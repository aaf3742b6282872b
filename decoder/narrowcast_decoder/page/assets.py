"""The files of the page, read once: plain, compressed, and with a tag that their content gives."""

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from narrowcast_shared.draw import uplot

CHARTS_SCRIPT = "uplot.js"
CHARTS_STYLE = "uplot.css"
"""The two that come from a package of others."""

INDEX = "index.html"

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
    text = uplot.script() if name == CHARTS_SCRIPT else uplot.style()
    return _asset(name, text.encode())


def find(name: str) -> Asset | None:
    """The file of that name, None where there is none. Raises SettingsError as `charts` does."""
    if name in {CHARTS_SCRIPT, CHARTS_STYLE}:
        return charts(name)
    return ours().get(name)


def _asset(name: str, content: bytes) -> Asset:
    media_type = _MEDIA_TYPES[name[name.rindex(".") :]]
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:20]}"'
    return Asset(content, gzip.compress(content, mtime=0), media_type, etag)

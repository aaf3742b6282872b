"""uPlot, the charts of the live page and of reports, as the Python package youplot carries it.

That package has uPlot's script and style sheet as their author publishes them, and no dependencies.
Its own code is never imported, and of its files only those two are used, which must have the
checksums of uPlot 1.6.31: whatever else is in the package, browsers are sent uPlot or nothing.
"""

import hashlib
import importlib.util
from functools import cache
from pathlib import Path

from narrowcast_shared.errors import SettingsError, install_hint

PACKAGE = "youplot"

_FOLDER = "vendor"
_SCRIPT = "uplot.iife.min.js"
_STYLE = "uplot.min.css"

# Of `dist/` in npm's package uplot 1.6.31.
_SHA256 = {
    _SCRIPT: "2d27e8ad3d228164525ce213f9dc716f39b4e3aee0cc773fb3491c96cf4921a2",
    _STYLE: "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}

# The minified files name no licence; a report that is passed on has to.
_NOTICE = "/*! uPlot, (c) 2022 Leon Sorokin, MIT licence: https://opensource.org/license/mit */\n"


@cache
def script() -> str:
    """The library, which defines the global `uPlot`, after a line that names its licence.

    Raises SettingsError where it is not installed.
    """
    return _NOTICE + _text(_SCRIPT)


@cache
def style() -> str:
    """The style sheet that the library needs, after a line that names its licence.

    Raises SettingsError where it is not installed.
    """
    return _NOTICE + _text(_STYLE)


def is_installed() -> bool:
    """Whether there is something to draw charts with."""
    return importlib.util.find_spec(PACKAGE) is not None


def _text(name: str) -> str:
    """One of the two files. Raises SettingsError where it is missing or not uPlot's."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SettingsError(
            "uPlot, which draws the charts, is not installed", install_hint("decoder")
        )
    path = Path(spec.origin).parent / _FOLDER / name
    remedy = "pip install --force-reinstall --no-deps youplot==1.0.0"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"uPlot, which draws the charts, cannot be read ({path}: {error.strerror})", remedy
        ) from None
    if hashlib.sha256(content).hexdigest() != _SHA256[name]:
        raise SettingsError(f"{path} is not the file of uPlot 1.6.31", remedy)
    return content.decode()

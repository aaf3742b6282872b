"""uPlot, the charts of the live page and of reports, as the Python package uplot-python ships it.

The package is looked up, never imported: importing it pulls in IPython.
"""

import importlib.util
from functools import cache
from pathlib import Path

from narrowcast_shared.errors import SettingsError, install_hint

PACKAGE = "uplot"

_SCRIPT = "uPlot.iife.js"
_STYLE = "uPlot.min.css"


@cache
def script() -> str:
    """The library, which defines the global `uPlot`. MIT licence, said in its first lines.

    Raises SettingsError where it is not installed.
    """
    return _text(_SCRIPT)


@cache
def style() -> str:
    """The style sheet that the library needs. Raises SettingsError where it is not installed."""
    return _text(_STYLE)


def is_installed() -> bool:
    """Whether there is something to draw charts with."""
    return importlib.util.find_spec(PACKAGE) is not None


def _text(name: str) -> str:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SettingsError(
            "uPlot, which draws the charts, is not installed", install_hint("decoder")
        )
    path = Path(spec.origin).with_name("static") / name
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"uPlot, which draws the charts, cannot be read ({path}: {error.strerror})",
            "pip install --force-reinstall uplot-python",
        ) from None

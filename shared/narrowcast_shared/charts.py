"""What charts of several components share: the library uPlot, and round numbers for axes.

uPlot draws the live page and reports. The Python package youplot carries its script and style sheet
as their author publishes them, and has no dependencies. Its own code is never imported, and only
those two files are used, which must have the checksums of uPlot 1.6.31: whatever else is in the
package, browsers get uPlot or nothing.
"""

import hashlib
import importlib.util
import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

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

# The minified files do not name the licence, and a report that is passed on must.
_NOTICE = "/*! uPlot, (c) 2022 Leon Sorokin, MIT licence: https://opensource.org/license/mit */\n"


@cache
def uplot_script() -> str:
    """UPlot's script, which defines the global `uPlot`, after a line that names its licence.

    Raises SettingsError where it is not installed.
    """
    return _NOTICE + _text(_SCRIPT)


@cache
def uplot_style() -> str:
    """UPlot's style sheet, after a line that names its licence.

    Raises SettingsError where it is not installed.
    """
    return _NOTICE + _text(_STYLE)


def has_uplot() -> bool:
    """Whether uPlot is installed."""
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


# --- axes ------------------------------------------------------------------------------------

_TICKS = 5


class Scale(NamedTuple):
    """Maps `low` to `high` onto pixels `start` to `end`. low < high, and above 0 if logarithmic."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = self.low, self.high, value
        if self.logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return self.start + (at - low) / (high - low) * (self.end - self.start)


def choose_ticks(low: float, high: float, logarithmic: bool = False) -> tuple[float, ...]:
    """Round numbers from at or below `low` to at or above `high`."""
    if logarithmic:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ladder = [float(f"{count}e{decade}") for decade in decades for count in (1, 2, 5)]
        below = max(tick for tick in ladder if tick <= low)
        above = min(tick for tick in ladder if tick > below and tick >= high)
        return tuple(tick for tick in ladder if below <= tick <= above)
    rough = max(high - low, 1e-9) / _TICKS
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * count for count in (1, 2, 5, 10) if unit * count >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return tuple(round(step * index, 9) for index in range(first, max(last, first + 1) + 1))

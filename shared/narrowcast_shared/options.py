"""What the command lines of all components have in common: quantities, and options by name.

Quantities are typed as people write them (16k, 200ms) and reach the command as plain numbers
in the unit that its parameter's name gives.
"""

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import click

from narrowcast_shared.operating_point import CHIP_PX, MAX_FPS, MAX_QP, MIN_PX

DECODER_URL = "http://127.0.0.1:8000"
"""Where `narrowcast serve` listens unless told otherwise."""

Command = TypeVar("Command", bound=Callable[..., object])

_QUANTITY = re.compile(r"(?P<number>\d+(?:\.\d+)?|\.\d+)\s*(?P<unit>[A-Za-z/]*)")
_RATE_UNITS = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
_DURATION_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def rate(value: str | float) -> float:
    """A click type: a wire rate in bit/s. k, M and G are powers of 1000, as for bits always."""
    return _quantity(value, "rate", _RATE_UNITS, "8k, 1.5M or 8000 (bit/s)")


def duration(value: str | float) -> float:
    """A click type: a span of time in seconds. The unit is asked for: 200 could be either."""
    return _quantity(value, "duration", _DURATION_UNITS, "30s, 200ms or 2m")


def _quantity(value: str | float, what: str, units: Mapping[str, float], examples: str) -> float:
    """The quantity in its base unit; a number (a default) is taken as it is.

    Raises click.BadParameter, to which click adds the option's name.
    """
    if not isinstance(value, str):
        return float(value)
    match = _QUANTITY.fullmatch(value.strip())
    if match is None or match["unit"] not in units:
        raise click.BadParameter(f"{value!r} is no {what}; write it like {examples}")
    quantity = float(match["number"]) * units[match["unit"]]
    if not 0 < quantity < math.inf:
        raise click.BadParameter(f"a {what} must be above 0, got {value!r}")
    return quantity


def px_option(default: int | None = None) -> Callable[[Command], Command]:
    """`--px N`: the side that the chip is coded at."""
    return click.option(
        "--px",
        type=click.IntRange(MIN_PX, CHIP_PX),
        default=default,
        metavar="N",
        help=f"Side that the face chip is coded at, {MIN_PX} to {CHIP_PX} px.",
    )


def qp_option(default: int | None = None) -> Callable[[Command], Command]:
    """`--qp N`: x264's fixed quantiser."""
    return click.option(
        "--qp",
        type=click.IntRange(0, MAX_QP),
        default=default,
        metavar="N",
        help=f"x264's quantiser, 0 (finest) to {MAX_QP} (coarsest).",
    )


def fps_option(default: float | None = None) -> Callable[[Command], Command]:
    """`--fps X`: coded frames a second."""
    return click.option(
        "--fps",
        type=click.FloatRange(0, MAX_FPS, min_open=True),
        default=default,
        metavar="X",
        help=f"Coded frames a second, at most {MAX_FPS:g}.",
    )


def cap_option() -> Callable[[Command], Command]:
    """`--cap RATE`: the wire rate to keep under, in bit/s."""
    return click.option(
        "--cap",
        "cap_bps",
        type=rate,
        metavar="RATE",
        help="Keep the wire rate, all headers counted, under this: 8k, 1.5M (bit/s).",
    )


def json_option(what: str) -> Callable[[Command], Command]:
    """`--json`: say `what` is written so."""
    return click.option("--json", "as_json", is_flag=True, help=f"Write {what} as JSON.")


def csv_option(what: str) -> Callable[[Command], Command]:
    """`--csv`: say `what` is written so."""
    return click.option("--csv", "as_csv", is_flag=True, help=f"Write {what} as CSV.")


def json_file_option() -> Callable[[Command], Command]:
    """`--json FILE`: where the figures of a measurement are written."""
    return click.option(
        "--json",
        "json_path",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Also write the figures to FILE.",
    )


def model_option() -> Callable[[Command], Command]:
    """`--model NAME`: the weights to read with."""
    return click.option(
        "--model",
        default="oa",
        show_default=True,
        metavar="NAME",
        help="Shipped model, or a .safetensors file.",
    )


def seconds_option(default: float, what: str) -> Callable[[Command], Command]:
    """`--seconds S`: how long something is to last."""
    return click.option(
        "--seconds",
        type=click.FloatRange(min=1),
        default=default,
        show_default=True,
        metavar="S",
        help=what,
    )

"""How quantities are written in the service's settings, and what else several settings share."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from narrowcast_shared.errors import SettingsError
from narrowcast_shared.quantities import parse_duration

MIN_AGE_S = 300.0
"""Shortest time that series may be kept: a publisher may be silent for a minute."""

_COUNTS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_QUANTITY = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[A-Za-z]?)")


def _seconds(value: object) -> object:
    """`12h` or `30d` in seconds, which a number is without a unit."""
    if not isinstance(value, str):
        return value
    try:
        return parse_duration(value)
    except SettingsError as error:
        raise ValueError(str(error)) from None


def _number(value: object) -> object:
    """`500k` or `20G` as a number; k, M, G and T are powers of 1000."""
    number = _quantity(value, _COUNTS, "a number is written like 500k, 20M or 10G")
    return round(number) if isinstance(number, float) else number


def _quantity(value: object, units: Mapping[str, int], how: str) -> object:
    if not isinstance(value, str):
        return value
    match = _QUANTITY.fullmatch(value.strip())
    if match is None or match["unit"] not in units:
        raise ValueError(how)
    return float(match["number"]) * units[match["unit"]]


def _listed(value: object) -> object:
    """`a, b` as a list: an environment variable and a flag have one text each."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


Duration = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=1_000_000)]
Age = Annotated[float, BeforeValidator(_seconds), Field(ge=MIN_AGE_S)]
Count = Annotated[int, BeforeValidator(_number), Field(ge=1)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]

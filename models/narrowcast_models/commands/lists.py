"""Click types for lists of sizes, quantisers and names, written with commas."""

from collections.abc import Callable, Sequence

import click

from narrowcast_shared.operating_point import CHIP_PX, MAX_QP, MIN_PX

MAX_BATCH = 4096


def sizes(value: str) -> tuple[int, ...]:
    """A click type: sides in px, separated by commas."""
    return tuple(_number(part, MIN_PX, CHIP_PX) for part in value.split(","))


def quantisers(value: str) -> tuple[int | None, ...]:
    """A click type: quantisers separated by commas, `none` for chips that are not coded."""
    parts = [part.strip() for part in value.split(",")]
    return tuple(None if part == "none" else _number(part, 0, MAX_QP) for part in parts)


def coded_quantisers(value: str) -> tuple[int, ...]:
    """A click type: quantisers separated by commas, each once."""
    return tuple(dict.fromkeys(_number(part, 0, MAX_QP) for part in value.split(",")))


def batches(value: str) -> tuple[int, ...]:
    """A click type: numbers of chips, separated by commas."""
    return tuple(_number(part, 1, MAX_BATCH) for part in value.split(","))


def names(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """A click type: some of the known names, separated by commas; each counts once."""

    def some(value: str) -> tuple[str, ...]:
        out = [part.strip() for part in value.split(",")]
        for name in out:
            if name not in known:
                raise click.BadParameter(f"{name!r} is none of {', '.join(known)}")
        return tuple(dict.fromkeys(out))

    return some


def _number(text: str, low: int, high: int) -> int:
    if not text.strip().isdecimal() or not low <= int(text) <= high:
        raise click.BadParameter(f"{text.strip()!r} is no whole number from {low} to {high}")
    return int(text)

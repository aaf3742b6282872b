"""Options that only the subscriber's commands have: a baseline, and a store's file.

Options that the components share are in `narrowcast_shared.options`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_shared.errors import SettingsError, pointing_to
from narrowcast_shared.options import Command, parsed
from narrowcast_shared.quantities import parse_duration
from narrowcast_shared.see import See

if TYPE_CHECKING:
    from narrowcast_client.baseline import BaselineChoice


def baseline(value: "str | BaselineChoice") -> "BaselineChoice":
    """A click type: a resting valence to learn in so many seconds, or a stored profile."""
    return parsed(_parse_baseline, value) if isinstance(value, str) else value


@pointing_to(See.BASELINE)
def _parse_baseline(text: str) -> "BaselineChoice":
    from narrowcast_client.baseline import MAX_S, MIN_S, BaselineChoice, read_profile  # noqa: PLC0415 - heavy

    if Path(text).suffix.lower() == ".json":
        return BaselineChoice(profile=read_profile(Path(text)))
    try:
        seconds = parse_duration(text)
    except SettingsError:
        raise SettingsError(
            f"{text!r} is neither a duration nor a profile", "write 30s, or name a FILE.json"
        ) from None
    if not MIN_S <= seconds <= MAX_S:
        raise SettingsError(f"rest is learned in {MIN_S:g} s to {MAX_S / 60:g} min of face")
    return BaselineChoice(seconds=seconds)


def baseline_option() -> Callable[[Command], Command]:
    """`--baseline`: what the person's face reads at rest, or None."""
    return click.option(
        "--baseline",
        type=baseline,
        metavar="TIME|FILE",
        help="Also give the valence above this person's rest: learned from the first TIME of face "
        "(30s), or as FILE has it, which `narrowcast baseline` wrote.",
    )


def store_option() -> Callable[[Command], Command]:
    """`--store FILE`: a store to read where no decoder runs."""
    return click.option(
        "--store",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Read this store instead, which no decoder is using.",
    )

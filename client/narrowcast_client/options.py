"""Options that only the subscriber's commands have: a baseline, a time span, a store's file.

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
    """A click type: the seconds to learn a resting valence from, or the file of a profile."""
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
            f"{text!r} is neither a duration nor the file of a profile",
            "write 30s, or name a FILE.json",
        ) from None
    if not MIN_S <= seconds <= MAX_S:
        raise SettingsError(f"rest is learned from {MIN_S:g} s to {MAX_S / 60:g} min of face")
    return BaselineChoice(seconds=seconds)


def baseline_option() -> Callable[[Command], Command]:
    """`--baseline`: the person's rest, as a BaselineChoice or None."""
    return click.option(
        "--baseline",
        type=baseline,
        metavar="TIME|FILE",
        help="Also give baseline-corrected valence: minus this person's valence at rest, learned "
        "from the first TIME of face (30s), or from FILE, which `narrowcast baseline` wrote.",
    )


def store_option() -> Callable[[Command], Command]:
    """`--store FILE`: a store to read without a decoder."""
    return click.option(
        "--store",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Read this store's file instead; no decoder may be using it.",
    )


def span_options() -> Callable[[Command], Command]:
    """`--from T` and `--to T`, as `from_` and `to`: texts for `archive.parse_span`."""

    def add(command: Command) -> Command:
        command = click.option("--to", metavar="T", help="Only samples captured before this time.")(
            command
        )
        return click.option(
            "--from", "from_", metavar="T", help="Only samples captured at this time or later."
        )(command)

    return add

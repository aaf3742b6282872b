"""What the command lines of all components have in common: quantities, and options by name.

Quantities are typed as people write them (16k, 200ms) and reach the command as plain numbers
in the unit that its parameter's name gives.
"""

from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import NamedTuple, TypeVar

import click

from narrowcast_shared.errors import SettingsError
from narrowcast_shared.link import LinkSettings, Schedule, parse_schedule, read_trace
from narrowcast_shared.operating_point import CHIP_PX, MAX_FPS, MAX_QP, MIN_PX
from narrowcast_shared.quantities import format_duration, parse_duration, parse_rate

DECODER_URL = "http://127.0.0.1:8000"
"""Where `narrowcast serve` listens unless told otherwise."""

Command = TypeVar("Command", bound=Callable[..., object])
Value = TypeVar("Value")


def rate(value: str | float) -> float:
    """A click type: a wire rate in bit/s. k, M and G are powers of 1000, as for bits always."""
    return parsed(parse_rate, value) if isinstance(value, str) else value


def duration(value: str | float) -> float:
    """A click type: a span of time in seconds, which a number without a unit is too."""
    return parsed(parse_duration, value) if isinstance(value, str) else value


def short_duration(value: str | float) -> float:
    """A click type: a span of time in seconds, of a delay. The unit is asked for: 40 could be ms
    as well.
    """
    return parsed(partial(parse_duration, bare=False), value) if isinstance(value, str) else value


def duration_between(least_s: float, most_s: float | None = None) -> Callable[[str | float], float]:
    """A click type: a span of time of at least `least_s` and, where given, at most `most_s`."""

    def duration(value: str | float) -> float:
        seconds = parsed(parse_duration, value) if isinstance(value, str) else value
        if seconds < least_s or (most_s is not None and seconds > most_s):
            limits = f"at least {least_s:g}s" if most_s is None else f"{least_s:g}s to {most_s:g}s"
            raise click.BadParameter(f"{value} is not in the range of {limits}")
        return seconds

    return duration


def schedule(value: str | Schedule) -> Schedule:
    """A click type: a cap, constant or in steps."""
    return parsed(parse_schedule, value) if isinstance(value, str) else value


def parsed(parse: Callable[[str], Value], text: str) -> Value:
    """What the text says; click adds the option's name to a complaint."""
    try:
        return parse(text)
    except SettingsError as error:
        message = "; ".join(filter(None, (error.problem, error.remedy)))
        raise click.BadParameter(message) from error


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


class LinkChoice(NamedTuple):
    """The line to simulate, as the command line asks for it."""

    cap: Schedule | None = None
    trace: Path | None = None
    trace_scale: float | None = None
    delay_s: float | None = None

    def settings(self) -> LinkSettings:
        """Reads the trace. Raises SettingsError where that fails, or options contradict."""
        if self.trace_scale is not None and self.trace is None:
            raise SettingsError("--trace-scale scales a trace", "add --trace FILE")
        delay_us = round((self.delay_s or 0) * 1_000_000)
        if self.trace is None:
            return LinkSettings(self.cap, delay_us)
        if self.cap is not None:
            raise SettingsError("--cap and --trace both say what the line carries", "give one")
        return LinkSettings(read_trace(self.trace, self.trace_scale or 1.0), delay_us)

    def flags(self) -> list[str]:
        """The same, for the command line of another process."""
        delay = None if self.delay_s is None else format_duration(round(self.delay_s * 1_000_000))
        said = {
            "--cap": self.cap,
            "--trace": self.trace,
            "--trace-scale": self.trace_scale,
            "--delay": delay,
        }
        return [f"{name}={value}" for name, value in said.items() if value is not None]


def link_options() -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """`--cap`, `--trace`, `--trace-scale` and `--delay`: one LinkChoice named `link`."""

    def add(command: Callable[..., Value]) -> Callable[..., Value]:
        @wraps(command)
        def gathered(
            *arguments: object,
            cap: Schedule | None,
            trace: Path | None,
            trace_scale: float | None,
            delay_s: float | None,
            **others: object,
        ) -> Value:
            link = LinkChoice(cap, trace, trace_scale, delay_s)
            return command(*arguments, link=link, **others)

        for option in reversed(_LINK_OPTIONS):
            gathered = option(gathered)
        return gathered

    return add


_LINK_OPTIONS = (
    click.option(
        "--cap",
        type=schedule,
        metavar="RATE[,TIME:RATE]...",
        help="Keep the wire rate, all headers counted, under this: 8k, 1.5M (bit/s); "
        "32k,10s:4k,20s:0 changes it on the way, 0 is an outage.",
    ),
    click.option(
        "--trace",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Let the line carry what a Mahimahi trace says: times in ms, one a 1500-byte packet.",
    ),
    click.option(
        "--trace-scale",
        type=click.FloatRange(0, min_open=True),
        metavar="X",
        help="The trace's rate times X; its outages stay as long as they are.",
    ),
    click.option(
        "--delay",
        "delay_s",
        type=short_duration,
        metavar="TIME",
        help="Propagation delay of the line: 40ms.",
    ),
)


def decoder_option(what: str) -> Callable[[Command], Command]:
    """`--decoder URL`, as `url`; `what` it is for: "to ask"."""
    return click.option(
        "--decoder",
        "url",
        default=DECODER_URL,
        metavar="URL",
        help=f"The decoder {what}.",
    )


def access_options() -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """`--token`, `--token-file` and `--ca`, or the environment: one Access named `access`."""

    def add(command: Callable[..., Value]) -> Callable[..., Value]:
        @wraps(command)
        def gathered(
            *arguments: object,
            token: str | None,
            token_file: Path | None,
            ca: Path | None,
            **others: object,
        ) -> Value:
            from narrowcast_shared.remote.access import read_access  # noqa: PLC0415 - heavy

            return command(*arguments, access=read_access(token, token_file, ca), **others)

        for option in reversed(_ACCESS_OPTIONS):
            gathered = option(gathered)
        return gathered

    return add


_ACCESS_OPTIONS = (
    click.option(
        "--token-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="File with the token that the decoder requires; or set NARROWCAST_TOKEN_FILE.",
    ),
    click.option(
        "--token",
        metavar="TOKEN",
        help="The token itself. Everyone on this machine can see it: set NARROWCAST_TOKEN instead.",
    ),
    click.option(
        "--ca",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="For https, trust only the certificates in this PEM file; or set NARROWCAST_CA.",
    ),
)


def latency_option() -> Callable[[Command], Command]:
    """`--latency TIME`: how late a frame may arrive."""
    return click.option(
        "--latency",
        "latency_s",
        type=short_duration,
        metavar="TIME",
        help="From capture to arrival, at most: more of it lets frames share headers. By default "
        "300ms, 400ms at 12k to 6k, and below what the line takes for 2400 bits.",
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
        callback=_writable,
        metavar="FILE",
        help="Also write the figures to FILE.",
    )


def _writable(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Told before the work and not after it. Raises SettingsError."""
    if path is not None and not path.parent.is_dir():
        raise SettingsError(f"{path} cannot be written (no such folder)", "make the folder")
    if path is not None and path.is_dir():
        raise SettingsError(f"{path} cannot be written (it is a folder)", "name a file in it")
    return path


def model_option() -> Callable[[Command], Command]:
    """`--model NAME`: the weights to read with."""
    return click.option(
        "--model",
        default="oa",
        show_default=True,
        metavar="NAME",
        help="Shipped model, or a .safetensors file.",
    )


def source_option() -> Callable[[Command], Command]:
    """`--source SOURCE`: what to play where the command takes no source as its argument."""
    return click.option(
        "--source",
        default="sample",
        metavar="SOURCE",
        help="Camera (0), file or URL to play, a file in a loop; sample shows two faces.",
    )


def seconds_option(
    default: float, what: str, most: float | None = None
) -> Callable[[Command], Command]:
    """`--seconds TIME`: how long something is to last, in seconds where it has no unit."""
    return click.option(
        "--seconds",
        type=duration_between(1, most),
        default=f"{default:g}s",
        metavar="TIME",
        help=what,
    )


def patience_option() -> Callable[[Command], Command]:
    """`--patience TIME`, as `patience_s`: the same for encoders and viewers."""
    return click.option(
        "--patience",
        "patience_s",
        type=duration,
        default="10m",
        show_default=True,
        metavar="TIME",
        help="How long the decoder may be unreachable, at first and in an outage.",
    )

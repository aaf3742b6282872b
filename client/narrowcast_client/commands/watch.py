"""`narrowcast watch`: the live series in the terminal, or as JSON or CSV for a pipe."""

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from narrowcast_client.options import baseline_option
from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_client.baseline import BaselineChoice
    from narrowcast_shared.remote.access import Access


@click.command()
@click.argument("session", required=False)
@options.decoder_option("to watch")
@options.json_option("each sample, one a line,")
@options.csv_option("each sample, one a line,")
@click.option(
    "--after",
    "after_id",
    type=int,
    metavar="ID",
    help="Begin after this sample; -100 begins with the last 100. By default the whole series "
    "with --json and --csv, else the last window.",
)
@click.option(
    "--window",
    "window_s",
    type=options.duration,
    default="20s",
    show_default=True,
    metavar="TIME",
    help="Time span of the plot.",
)
@options.patience_option()
@click.option(
    "--replay", is_flag=True, help="Play the stored series of SESSION, at the speed of its capture."
)
@click.option(
    "--speed",
    type=click.FloatRange(0, 1000, min_open=True),
    default=1.0,
    show_default=True,
    metavar="X",
    help="With --replay: factor of the speed.",
)
@click.option(
    "--max-gap",
    "max_gap_s",
    type=options.duration,
    default="5s",
    show_default=True,
    metavar="TIME",
    help="With --replay: longer pauses in the series are cut to this.",
)
@baseline_option()
@click.option(
    "--lsl",
    is_flag=True,
    help="Also push samples and event markers to the Lab Streaming Layer: everyone on this network "
    "can read them.",
)
@click.option("--quiet", is_flag=True, help="With --lsl: show nothing here.")
@options.access_options()
def watch(
    session: str | None,
    url: str,
    as_json: bool,
    as_csv: bool,
    after_id: int | None,
    window_s: float,
    patience_s: float,
    replay: bool,
    speed: float,
    max_gap_s: float,
    baseline: "BaselineChoice | None",
    lsl: bool,
    quiet: bool,
    access: "Access",
) -> None:
    r"""Draw a series live, or write it for a program.

    \b
    Examples:
      narrowcast watch
      narrowcast watch anna --decoder http://decoder:8000 --window 1m
      narrowcast watch anna --json | jq .valence
      narrowcast watch anna --replay --speed 4
      narrowcast watch anna --baseline 30s
      narrowcast watch anna --lsl --quiet

    Without SESSION, watches the newest one. Draws in a terminal, and writes one line a second to a
    pipe. Ends with the session, or with Ctrl-C.
    """
    import asyncio

    from narrowcast_client import Replay
    from narrowcast_client.terminal.watch import Form, Show, replay_session, watch_session
    from narrowcast_shared.remote.address import parse_address

    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    _check_combination(session, as_json or as_csv, replay=replay, lsl=lsl, quiet=quiet)
    address = parse_address(url, access)
    flags = {Form.JSON: as_json, Form.CSV: as_csv, Form.NOTHING: quiet}
    form = next((form for form, is_set in flags.items() if is_set), Form.AUTO)
    show = Show(form, window_s, baseline)
    if lsl:
        from narrowcast_client.lsl import open_outlets

        outlets = open_outlets(address, above_rest=baseline is not None, patience_s=patience_s)
        show = show._replace(tap=outlets.tap)
    if replay and session is not None:
        shown = replay_session(
            address,
            session,
            Replay(speed, max_gap_s),
            show,
            after_id=after_id,
            patience_s=patience_s,
        )
    else:
        shown = watch_session(address, session, show, after_id=after_id, patience_s=patience_s)
    asyncio.run(shown)


def _check_combination(
    session: str | None, as_lines: bool, *, replay: bool, lsl: bool, quiet: bool
) -> None:
    """Raises UsageError where options do not fit together."""
    if quiet and as_lines:
        raise click.UsageError("--quiet shows nothing: leave out --json and --csv")
    if replay and session is None:
        raise click.UsageError("which SESSION is to be replayed? `narrowcast sessions` lists them")
    if replay and lsl:
        raise click.UsageError("--lsl pushes live samples: leave out --replay")
    given = click.get_current_context().get_parameter_source
    if not replay and ParameterSource.COMMANDLINE in (given("speed"), given("max_gap_s")):
        raise click.UsageError("--speed and --max-gap belong to a replay: add --replay")
    if quiet and not lsl:
        raise click.UsageError("--quiet leaves nothing to do: add --lsl")

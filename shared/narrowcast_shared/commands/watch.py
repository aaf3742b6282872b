"""`narrowcast watch`: the live series in the terminal, or as JSON or CSV for a pipe."""

from typing import TYPE_CHECKING

import click

from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_shared.remote.access import Access


@click.command()
@click.argument("session", required=False)
@click.option(
    "--from",
    "--decoder",
    "url",
    default=options.DECODER_URL,
    show_default=True,
    metavar="URL",
    help="The decoder to watch.",
)
@options.access_options()
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
    help="Time that the plot shows.",
)
@click.option(
    "--patience",
    "patience_s",
    type=options.duration,
    default="10s",
    show_default=True,
    metavar="TIME",
    help="How long to try where no decoder answers.",
)
@click.option(
    "--replay", is_flag=True, help="Play what is stored of SESSION, at the pace of its capture."
)
@click.option(
    "--speed",
    type=click.FloatRange(0, 1000, min_open=True),
    default=1.0,
    show_default=True,
    metavar="X",
    help="With --replay: so many times as fast.",
)
@click.option(
    "--max-gap",
    "max_gap_s",
    type=options.duration,
    default="5s",
    show_default=True,
    metavar="TIME",
    help="With --replay: longest pause in the series; a longer one is cut to it.",
)
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
    access: "Access",
) -> None:
    r"""Draw SESSION live: valence, px, QP, wire rate and latency. Without it, the newest one.

    \b
    Examples:
      narrowcast watch
      narrowcast watch anna --from http://decoder:8000 --window 1m
      narrowcast watch anna --json | jq .valence
      narrowcast watch anna --replay --speed 4

    A terminal gets a drawing, a pipe a line a second. Ends with the session, or with Ctrl-C.
    """
    import asyncio

    from narrowcast_shared.client import Replay
    from narrowcast_shared.draw.live import Form, replay_session, watch_session
    from narrowcast_shared.remote.address import parse_address

    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    if replay and session is None:
        raise click.UsageError("which SESSION is to be replayed? `narrowcast sessions` lists them")
    form = Form.JSON if as_json else Form.CSV if as_csv else Form.AUTO
    if replay and session is not None:
        shown = replay_session(
            parse_address(url, access),
            session,
            Replay(speed, max_gap_s),
            form=form,
            after_id=after_id,
            window_s=window_s,
            patience_s=patience_s,
        )
    else:
        shown = watch_session(
            parse_address(url, access),
            session,
            form=form,
            after_id=after_id,
            window_s=window_s,
            patience_s=patience_s,
        )
    asyncio.run(shown)

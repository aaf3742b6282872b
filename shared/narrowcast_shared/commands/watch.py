"""`narrowcast watch`: the live series in the terminal, or as JSON or CSV for a pipe."""

import click

from narrowcast_shared import options


@click.command()
@click.argument("session", required=False)
@click.option(
    "--from",
    "url",
    default=options.DECODER_URL,
    show_default=True,
    metavar="URL",
    help="The decoder to watch.",
)
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
def watch(
    session: str | None,
    url: str,
    as_json: bool,
    as_csv: bool,
    after_id: int | None,
    window_s: float,
    patience_s: float,
) -> None:
    r"""Draw SESSION live: valence, px, QP, wire rate and latency. Without it, the newest one.

    \b
    Examples:
      narrowcast watch
      narrowcast watch anna --from http://decoder:8000 --window 1m
      narrowcast watch anna --json | jq .valence

    A terminal gets a drawing, a pipe a line a second. Ends with the session, or with Ctrl-C.
    """
    import asyncio

    from narrowcast_shared.draw.live import Form, watch_session

    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    form = Form.JSON if as_json else Form.CSV if as_csv else Form.AUTO
    asyncio.run(
        watch_session(
            url,
            session,
            form=form,
            after_id=after_id,
            window_s=window_s,
            patience_s=patience_s,
        )
    )

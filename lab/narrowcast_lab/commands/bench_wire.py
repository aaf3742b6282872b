"""`narrowcast bench wire`: the rate on the wire of a capped live run, measured from outside."""

from pathlib import Path

import click

from narrowcast_shared import options


@click.command()
@options.source_option()
@click.option(
    "--cap",
    "cap_bps",
    type=options.rate,
    default="16k",
    show_default=True,
    metavar="RATE",
    help="Cap to keep under, all headers counted: 8k, 1.5M (bit/s).",
)
@options.seconds_option(30, "How long to measure.")
@options.model_option()
@options.json_file_option()
def wire(source: str, cap_bps: float, seconds: float, model: str, json_path: Path | None) -> None:
    r"""Bill every byte of a live run under a cap.

    \b
    Examples:
      narrowcast bench wire
      narrowcast bench wire --cap 4k --seconds 60

    A relay between encoder and decoder bills every byte and header.
    """
    from narrowcast_lab.figures import show
    from narrowcast_lab.wire_bench import measure

    figures = measure(source, seconds, round(cap_bps), model)
    show("wire rate of a capped live run", figures._asdict(), json_path)

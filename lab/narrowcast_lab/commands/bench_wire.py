"""`narrowcast bench wire`: the rate on the wire of a capped live run, measured from outside."""

from pathlib import Path

import click

from narrowcast_shared import options


@click.command()
@click.option("--source", default="sample", show_default=True, help="Clip to play, in a loop.")
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
    r"""Play a clip live under a cap, through a relay that bills every byte and header.

    \b
    Examples:
      narrowcast bench wire
      narrowcast bench wire --cap 4k --seconds 60
    """
    from narrowcast_lab.figures import show
    from narrowcast_lab.wire_bench import measure

    figures = measure(source, seconds, round(cap_bps), model)
    show("wire rate of a capped live run", figures._asdict(), json_path)

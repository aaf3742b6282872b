"""`narrowcast bench page`: how smoothly the live page moves."""

from pathlib import Path

import click

from narrowcast_shared import options


@click.command()
@click.option(
    "--streams",
    type=click.IntRange(1, 200),
    default=20,
    show_default=True,
    metavar="N",
    help="Sessions that the page shows.",
)
@click.option(
    "--fps", type=click.FloatRange(1, 60), default=10, metavar="X", help="Coded frames a second."
)
@options.seconds_option(10, "How long to count frames.")
@click.option("--focus", is_flag=True, help="With one session opened above the cards of all.")
@options.model_option()
@options.json_file_option()
def page(
    streams: int,
    fps: float,
    seconds: float,
    model: str,
    json_path: Path | None,
    *,
    focus: bool,
) -> None:
    r"""Count the frames that the live page draws.

    \b
    Examples:
      narrowcast bench page
      narrowcast bench page --streams 20 --fps 10 --focus --seconds 30

    Plays streams at a decoder, whose page headless Chromium shows. Needs Chromium with its
    driver, and Selenium. Decoder, streams and browser share this machine; a browser without a
    graphics card paints on the same cores too.
    """
    from rich.console import Console

    from narrowcast_lab.figures import show
    from narrowcast_lab.page_bench import measure
    from narrowcast_lab.serve_bench import Request
    from narrowcast_shared.operating_point import OperatingPoint, Rung

    console = Console(stderr=True)
    request = Request(streams, 0, seconds, OperatingPoint(Rung(32, 30), fps, 1), model)
    with console.status("starting") as status:
        figures = measure(request, focused=focus, tell=status.update)
    show("frames of the live page", figures._asdict(), json_path)

"""`narrowcast bench latency`: from capture to subscriber, over loopback."""

from pathlib import Path

import click

from narrowcast_shared import options


@click.command()
@options.source_option()
@options.seconds_option(20, "How long to measure, after a second of warming up.")
@options.px_option()
@options.qp_option()
@options.fps_option()
@options.link_options()
@options.model_option()
@options.json_file_option()
def latency(
    source: str,
    seconds: float,
    px: int | None,
    qp: int | None,
    fps: float | None,
    model: str,
    json_path: Path | None,
    link: options.LinkChoice,
) -> None:
    r"""Time a live run from capture to subscriber.

    \b
    Examples:
      narrowcast bench latency
      narrowcast bench latency --cap 16k --seconds 60

    Encoder, decoder and subscriber are processes on this machine.
    """
    from narrowcast_lab.figures import show
    from narrowcast_lab.latency import measure

    chosen = {"px": px, "qp": qp, "fps": fps}
    flags = [f"--{name}={value:g}" for name, value in chosen.items() if value is not None]
    figures = measure(source, seconds, flags + link.flags(), model)
    show("capture to subscriber, over loopback", figures._asdict(), json_path)

"""`narrowcast demo`: encoder, decoder and viewer on this machine, in one command."""

import click

from narrowcast_encoder.commands.detector import DetectorChoice, detector_options
from narrowcast_shared import options


@click.command()
@options.source_option()
@options.seconds_option(30, "How long to show.")
@click.option("--open", "opens_page", is_flag=True, help="Open the live page in the browser.")
@options.px_option()
@options.qp_option()
@options.fps_option()
@options.link_options()
@detector_options()
@options.model_option()
def demo(
    source: str,
    seconds: float,
    opens_page: bool,
    px: int | None,
    qp: int | None,
    fps: float | None,
    detector: DetectorChoice,
    model: str,
    link: options.LinkChoice,
) -> None:
    r"""Show valence of a real face live, on this machine.

    \b
    Examples:
      narrowcast demo
      narrowcast demo --open --seconds 600
      narrowcast demo --source 0 --cap 8k --seconds 120

    Starts a decoder and an encoder as processes of their own, on loopback, with a store that
    is thrown away, and draws the series, here and on the decoder's live page. Without other
    wishes the line is capped at 16 kbit/s.
    """
    from narrowcast_lab.demo import DemoRequest, run

    chosen = {"px": px, "qp": qp, "fps": fps}
    flags = [f"--{name}={value:g}" for name, value in chosen.items() if value is not None]
    flags += link.flags()
    flags = [*(flags or ["--cap=16k"]), *detector.flags()]
    run(DemoRequest(source, seconds, tuple(flags), model, opens_page))

"""`narrowcast bench latency`: from capture to subscriber, over loopback."""

from pathlib import Path

import click

from narrowcast_shared import options


@click.command()
@click.option("--source", default="sample", show_default=True, help="Clip to play, in a loop.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    default=20,
    show_default=True,
    metavar="S",
    help="How long to measure, after a second of warming up.",
)
@options.px_option()
@options.qp_option()
@options.fps_option()
@options.cap_option()
@click.option("--model", default="oa", show_default=True, help="Model, or a .safetensors file.")
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write the figures to FILE.",
)
def latency(
    source: str,
    seconds: float,
    px: int | None,
    qp: int | None,
    fps: float | None,
    cap_bps: float | None,
    model: str,
    json_path: Path | None,
) -> None:
    r"""Play a clip live through encoder and decoder processes; time each sample's arrival.

    \b
    Examples:
      narrowcast bench latency
      narrowcast bench latency --cap 16k --seconds 60
    """
    from narrowcast_lab.latency import measure, show

    chosen = {"px": px, "qp": qp, "fps": fps, "cap": cap_bps}
    flags = [f"--{name}={value:g}" for name, value in chosen.items() if value is not None]
    show(measure(source, seconds, flags, model), json_path)

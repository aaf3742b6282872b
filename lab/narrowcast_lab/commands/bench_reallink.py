"""`narrowcast bench reallink`: the simulated line against network namespaces and tc tbf."""

from pathlib import Path

import click

from narrowcast_encoder.commands.detector import DetectorChoice, detector_options
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
    help="Rate of both lines: 8k, 1.5M (bit/s).",
)
@options.seconds_option(30, "How long to play.")
@options.px_option(48)
@options.qp_option(36)
@options.fps_option(25)
@click.option(
    "--frames-per-message",
    type=click.IntRange(1, 64),
    default=5,
    metavar="K",
    help="Coded frames that share one message.",
)
@detector_options()
@options.json_file_option()
def reallink(
    source: str,
    cap_bps: float,
    seconds: float,
    px: int,
    qp: int,
    fps: float,
    frames_per_message: int,
    detector: DetectorChoice,
    json_path: Path | None,
) -> None:
    r"""Hold the simulated line against a real one.

    \b
    Examples:
      narrowcast bench reallink
      narrowcast bench reallink --cap 8k --fps 10 --seconds 60

    The same messages over both. The real line is a veth pair between two network namespaces with
    tc tbf at the given rate: this needs root, `ip` and `tc`, and leaves nothing behind.
    """
    from narrowcast_encoder.session.settings import StreamSettings
    from narrowcast_lab.figures import show_rows
    from narrowcast_lab.reallink import compare, traffic

    settings = StreamSettings(px, qp, fps, frames_per_message)
    found = compare(list(traffic(source, seconds, settings, detector.make())), round(cap_bps))
    title = (
        f"{found.messages} messages over {cap_bps / 1000:g} kbit/s, "
        f"{found.message_ms:g} ms each at that rate"
    )
    show_rows(title, found.rows(), json_path)

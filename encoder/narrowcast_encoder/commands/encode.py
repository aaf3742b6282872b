"""`narrowcast encode`: a camera, file or URL, live to a decoder."""

from typing import TYPE_CHECKING

import click

from narrowcast_encoder.commands.detector import DetectorChoice, detector_options
from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_shared.remote.access import Access


@click.command()
@click.argument("source")
@click.option(
    "--to",
    "url",
    default=options.DECODER_URL,
    show_default=True,
    metavar="URL",
    help="The decoder to publish to.",
)
@click.option(
    "--public-url",
    metavar="URL",
    help="Where viewers reach the decoder, if not at --to: printed at the start.",
)
@click.option(
    "--session",
    metavar="NAME",
    help="Name of the session, a random one by default. One that exists is continued.",
)
@click.option(
    "--new",
    is_flag=True,
    help="Begin a session of its own: the time goes into its name, as in anna-20260131T140000.",
)
@options.px_option()
@options.qp_option()
@options.fps_option()
@click.option(
    "--frames-per-message",
    type=click.IntRange(1, 64),
    metavar="K",
    help="Coded frames that share one message, and its 58 bytes of headers.",
)
@options.link_options()
@options.latency_option()
@click.option(
    "--adapt", is_flag=True, help="Adapt to what the line carries, as acknowledgements tell it."
)
@click.option("--loop", is_flag=True, help="Replay a file without end.")
@click.option(
    "--preview",
    is_flag=True,
    help="Let whoever may subscribe see the face as the decoder receives it, while this runs.",
)
@options.patience_option()
@detector_options()
@options.access_options()
def encode(
    source: str,
    url: str,
    public_url: str | None,
    session: str | None,
    new: bool,
    px: int | None,
    qp: int | None,
    fps: float | None,
    frames_per_message: int | None,
    latency_s: float | None,
    adapt: bool,
    loop: bool,
    preview: bool,
    patience_s: float,
    detector: DetectorChoice,
    link: options.LinkChoice,
    access: "Access",
) -> None:
    r"""Publish a camera, a file or a URL to a decoder.

    \b
    Examples:
      narrowcast encode 0 --to http://decoder:8000 --session anna
      narrowcast encode interview.mp4 --px 32 --qp 30
      narrowcast encode sample --loop --cap 8k
      narrowcast encode sample --loop --cap 32k,10s:4k,20s:32k --delay 40ms

    SOURCE is a camera (0, /dev/video0), a file, `-` (standard input), an rtsp or http URL, or
    `sample`, two faces in turn. Without --px, --qp and --cap it sends 48 px at QP 30, every
    frame. With --cap, --trace or --adapt it chooses, many times a second, what lets the decoder
    read best; --px and --qp pin that, and frames are skipped to stay under the cap. Steps of a cap
    count from the first frame.
    """
    from narrowcast_encoder.live.main import EncodeRequest, publish
    from narrowcast_encoder.live.opening import Wanted
    from narrowcast_encoder.session.settings import StreamSettings
    from narrowcast_shared.remote.address import parse_address

    latency_us = None if latency_s is None else round(1e6 * latency_s)
    settings = StreamSettings(
        px, qp, fps, frames_per_message, link.settings(), latency_us=latency_us, adapt=adapt
    )
    wanted = Wanted(parse_address(url, access), session, settings, patience_s, preview, new)
    viewers = wanted.address if public_url is None else parse_address(public_url)
    publish(EncodeRequest(source, wanted, loop, detector.name, detector.model, viewers.base))

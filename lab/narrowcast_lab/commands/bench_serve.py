"""`narrowcast bench serve`: what a decoder costs under many streams, and how many it serves."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_lab.serve_bench import Figures, Request
    from narrowcast_lab.serve_bench_clips import Clip

SEARCH_S = 5.0
"""Played at each step of a search."""


@click.command()
@click.option(
    "--streams",
    type=click.IntRange(1, 8192),
    default=20,
    show_default=True,
    metavar="N",
    help="Publishers, each with a session of its own; where a search starts.",
)
@options.fps_option(10)
@options.seconds_option(10, "How long to measure, after a second of warming up.")
@options.px_option(32)
@options.qp_option(30)
@click.option(
    "--frames-per-message",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="K",
    help="Frames bundled in one message.",
)
@click.option(
    "--subscribers",
    type=click.IntRange(1, 8192),
    metavar="M",
    help="Subscribers, dealt out over the streams; one a stream by default.",
)
@click.option(
    "--find-capacity",
    is_flag=True,
    help="Find the most streams with p99 under 250 ms and nothing lost, and report on them.",
)
@click.option(
    "--within",
    "within_s",
    type=options.duration,
    default="5m",
    show_default=True,
    metavar="TIME",
    help="Begin no further step of a search after this.",
)
@options.model_option()
@options.json_file_option()
def serve(
    streams: int,
    fps: float,
    seconds: float,
    px: int,
    qp: int,
    frames_per_message: int,
    subscribers: int | None,
    find_capacity: bool,
    within_s: float,
    model: str,
    json_path: Path | None,
) -> None:
    r"""Load a decoder with many streams; measure its CPU time, latency, losses and memory.

    \b
    Examples:
      narrowcast bench serve --streams 20 --fps 10
      narrowcast bench serve --streams 100 --fps 10 --seconds 20 --json serve.json
      narrowcast bench serve --find-capacity --fps 10

    Decoder and load are processes of their own, over loopback. Exactly what is measured is
    told in docs/serving.md.
    """
    import json

    from rich.console import Console

    from narrowcast_lab import open_files, serve_bench, serve_bench_report
    from narrowcast_shared.errors import LinkError
    from narrowcast_shared.operating_point import check_point

    open_files.allow_many()
    point = check_point(px, qp, fps, frames_per_message)
    request = serve_bench.Request(streams, subscribers or streams, seconds, point, model)
    click.echo("coding clips", err=True)
    clips = serve_bench.make_clips(request)
    report: dict[str, object] = {}
    if find_capacity:
        found, steps = _search(request, clips, each=subscribers is None, within_s=within_s)
        report["capacity"] = found and found.streams
        report["steps"] = [step._asdict() for step in steps]
        if found is None:
            raise LinkError("no number of streams was served in time and without a loss")
        figures = found
    else:
        figures = serve_bench.measure(request, clips, _tell)
    console = Console()
    console.print(serve_bench_report.stage_table(figures))
    console.print(serve_bench_report.run_table(figures))
    if json_path is not None:
        json_path.write_text(json.dumps(figures._asdict() | report, indent=2) + "\n")


def _search(
    request: "Request", clips: "list[Clip]", *, each: bool, within_s: float
) -> "tuple[Figures | None, list[Figures]]":
    """The best run of a search, and all of them; with `each`, every stream has a subscriber."""
    import time

    from narrowcast_lab import serve_bench, serve_bench_capacity, serve_bench_report

    deadline_s, steps = time.monotonic() + within_s, []

    def serves(streams: int) -> bool:
        subscribers = streams if each else request.subscribers
        step = request._replace(streams=streams, subscribers=subscribers, seconds=SEARCH_S)
        figures = serve_bench.measure(step, clips, lambda _: None)
        steps.append(figures)
        served = serve_bench_capacity.is_served(figures)
        click.echo(f"{serve_bench_report.line(figures)}{'' if served else ': too many'}", err=True)
        return served

    most = serve_bench_capacity.search(
        request.streams, serves, lambda: time.monotonic() < deadline_s
    )
    return next((step for step in steps if step.streams == most), None), steps


def _tell(what: str) -> None:
    click.echo(what, err=True)

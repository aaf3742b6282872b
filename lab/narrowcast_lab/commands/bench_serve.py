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
    metavar="N",
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
@click.option(
    "--soak",
    "soak_s",
    type=options.duration,
    metavar="TIME",
    help="Let sessions come and go for so long, and watch the memory: 10m. With a search, at half "
    "the capacity.",
)
@click.option(
    "--overload",
    type=click.FloatRange(min=1, min_open=True),
    metavar="X",
    help="Play X times the streams for --seconds, half of them before and after; N, or what a "
    "search finds, is the capacity.",
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
    soak_s: float | None,
    overload: float | None,
    model: str,
    json_path: Path | None,
) -> None:
    r"""Load a decoder with many streams and measure it.

    \b
    Examples:
      narrowcast bench serve --streams 20 --fps 10
      narrowcast bench serve --streams 100 --fps 10 --seconds 20 --json serve.json
      narrowcast bench serve --find-capacity --fps 10
      narrowcast bench serve --streams 40 --soak 10m --json soak.json
      narrowcast bench serve --streams 80 --overload 2 --json overload.json

    CPU time, latency, losses and memory. Decoder and load are processes of their own, over
    loopback. Exactly what is measured is told in docs/serving.md.
    """
    from narrowcast_lab import serve_bench
    from narrowcast_shared import open_files
    from narrowcast_shared.errors import LinkError, SettingsError
    from narrowcast_shared.operating_point import check_point

    if soak_s is not None and overload is not None:
        raise SettingsError("--soak and --overload are two measurements", "give one")
    open_files.allow_many()
    point = check_point(px, qp, fps, frames_per_message)
    request = serve_bench.Request(streams, subscribers or streams, seconds, point, model)
    click.echo("coding clips", err=True)
    clips = serve_bench.make_clips(request)
    report: dict[str, object] = {}
    found: Figures | None = None
    if find_capacity:
        found, steps = _search(request, clips, each=subscribers is None, within_s=within_s)
        report["capacity"] = found and found.streams
        report["steps"] = [step._asdict() for step in steps]
        if found is None:
            raise LinkError("no number of streams was served in time and without a loss")
        request = request._replace(streams=found.streams)
    if soak_s is not None:
        streams = max(1, request.streams // 2) if find_capacity else request.streams
        _soak(request._replace(streams=streams, seconds=soak_s), clips, json_path)
    elif overload is not None:
        _overload(request, overload, clips, json_path)
    else:
        _write_figures(found or serve_bench.measure(request, clips, _tell), report, json_path)


def _write_figures(figures: "Figures", report: dict[str, object], json_path: Path | None) -> None:
    from rich.console import Console

    from narrowcast_lab import serve_bench_report

    Console().print(serve_bench_report.run_table(figures))
    _write_json(figures._asdict() | report, json_path)


def _soak(request: "Request", clips: "list[Clip]", json_path: Path | None) -> None:
    from rich.console import Console

    from narrowcast_lab import serve_bench_report, serve_bench_soak

    figures = serve_bench_soak.measure(request, clips, _tell)._asdict()
    Console().print(serve_bench_report.figure_table("a soak: sessions that come and go", figures))
    _write_json(figures, json_path)


def _overload(
    request: "Request", times: float, clips: "list[Clip]", json_path: Path | None
) -> None:
    from rich.console import Console

    from narrowcast_lab import serve_bench_overload, serve_bench_report

    figures = serve_bench_overload.measure(request, times, clips, _tell)._asdict()
    Console().print(serve_bench_report.figure_table(f"{times:g} times the capacity", figures))
    _write_json(figures, json_path)


def _write_json(figures: dict[str, object], json_path: Path | None) -> None:
    import json

    if json_path is not None:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")


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

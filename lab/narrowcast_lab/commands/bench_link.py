"""`narrowcast bench link`: what is left of valence over simulated lines, and at what delay."""

from pathlib import Path

import click

from narrowcast_encoder.commands.detector import DetectorChoice, detector_options
from narrowcast_models.commands import output
from narrowcast_models.commands.measuring_options import plot_option, reel_options
from narrowcast_shared import options
from narrowcast_shared.link import Schedule

DEFAULT_CAP = "8k"


@click.command()
@click.option(
    "--clip",
    "clips",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Real video, cropped as live and brought to 25 fps. May be repeated.",
)
@click.option(
    "--reel",
    "want_reels",
    is_flag=True,
    help="Instead: moving clips made of labelled faces. The default where NARROWCAST_DATA is "
    "set; elsewhere it is the source sample.",
)
@reel_options(8, 30)
@click.option(
    "--cap",
    "caps",
    type=options.schedule,
    multiple=True,
    metavar="RATE[,TIME:RATE]...",
    help="A line that carries so much: 8k, or 32k,10s:4k,20s:32k; "
    f"{DEFAULT_CAP} where no line is named. May be repeated.",
)
@click.option(
    "--trace",
    "traces",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A line that carries what a Mahimahi trace says. May be repeated.",
)
@click.option(
    "--trace-scale",
    type=click.FloatRange(0, min_open=True),
    metavar="X",
    help="The traces' rates times X.",
)
@click.option(
    "--trace-mean",
    "trace_mean_bps",
    type=options.rate,
    metavar="RATE",
    help="Instead: each trace scaled until its mean is this.",
)
@click.option(
    "--delay",
    "delay_s",
    type=options.duration,
    metavar="TIME",
    help="Propagation delay of every line: 40ms.",
)
@options.latency_option()
@click.option(
    "--baselines",
    type=click.Choice(["none", "few", "all"]),
    default="few",
    show_default=True,
    help="What to hold our controller against: 8 pinned operating points about the line's rate "
    "or all 56; and with either plain stepping, PSNR in place of CCC, and JPEG.",
)
@click.option(
    "--table",
    "table_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Operating table, as `narrowcast rd --table` writes it, in place of the shipped one.",
)
@click.option(
    "--psnr-table",
    "psnr_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What the PSNR baseline chooses from, all rows as `narrowcast rd --json` writes them; "
    "by default the same table as ours, whose rows were picked by CCC.",
)
@detector_options()
@options.model_option()
@options.json_file_option()
@plot_option("the run over time, or of several CCC kept over their rates,")
def link(
    clips: tuple[Path, ...],
    want_reels: bool,
    reels: int,
    seconds: float,
    faces: str,
    seed: int,
    caps: tuple[Schedule, ...],
    traces: tuple[Path, ...],
    trace_scale: float | None,
    trace_mean_bps: float | None,
    delay_s: float | None,
    latency_s: float | None,
    baselines: str,
    table_path: Path | None,
    psnr_path: Path | None,
    detector: DetectorChoice,
    model: str,
    json_path: Path | None,
    plot_path: Path | None,
) -> None:
    r"""Measure what simulated lines leave of valence.

    \b
    Examples:
      narrowcast bench link --cap 8k
      narrowcast bench link --cap 32k --cap 8k --cap 2k --json link.json --plot link.svg
      narrowcast bench link --trace ATT-LTE-driving.up --trace-mean 12k --reels 17 --seconds 60
      narrowcast bench link --clip interview.mp4 --cap 4k --baselines none

    Rate, delay and CCC; all clips are played one behind the other, over every line anew. What
    each figure means is told in docs/rate.md.
    """
    from rich.console import Console

    from narrowcast_encoder.control.table import load as load_table
    from narrowcast_encoder.session.settings import StreamSettings
    from narrowcast_lab.link_bench import chart, choose, report
    from narrowcast_lab.link_bench.contenders import Baselines
    from narrowcast_lab.link_bench.lines import TraceScale, lines
    from narrowcast_lab.link_bench.runs import bench
    from narrowcast_models import model_card
    from narrowcast_models.recogniser import Precision, Recogniser
    from narrowcast_models.training.provenance import git_revision
    from narrowcast_shared.link import parse_schedule

    if clips and want_reels:
        raise click.UsageError("name either --clip or --reel")
    output.check(json_path, plot_path)
    if not (caps or traces):
        caps = (parse_schedule(DEFAULT_CAP),)
    scale = TraceScale(trace_scale, trace_mean_bps)
    over = lines(caps, traces, scale, round(1e6 * (delay_s or 0)))
    _, card = model_card.find(model)
    if clips:
        chosen = choose.of_clips(clips, detector.make())
    elif want_reels or choose.data_is_there():
        chosen = choose.of_reels(choose.Reels(faces, reels, seconds, seed))
    else:
        chosen = choose.of_sample(seconds, detector.make())
    asked = StreamSettings(
        latency_us=None if latency_s is None else round(1e6 * latency_s),
        table=None if table_path is None else load_table(table_path),
    )
    psnr_table = None if psnr_path is None else load_table(psnr_path)
    held_against = Baselines(baselines)
    recogniser = Recogniser.load(model, Precision.FLOAT32)
    found = bench(recogniser, chosen.footage, over, held_against, asked, psnr_table)
    title = f"{card.name} on {chosen.title}"
    console = Console()
    console.print(title)
    for run in found.runs:
        console.print(report.table(found, run))
    if json_path is not None:
        described = {"model": card.name, "sha256": card.sha256, "git_revision": git_revision()}
        told = described | chosen.described | report.as_json(found)
        output.write(json_path, model_card.to_json(told))
    if plot_path is not None:
        output.write(plot_path, chart.svg(found, title))

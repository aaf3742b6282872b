"""`narrowcast bench link`: what is left of valence over simulated lines, and at what delay."""

from pathlib import Path

import click

from narrowcast_encoder.commands.detector import DetectorChoice, detector_options
from narrowcast_models.commands import output
from narrowcast_models.commands.measuring_options import clips_option, plot_option, reel_options
from narrowcast_shared import options
from narrowcast_shared.link import Schedule

DEFAULT_CAP = "8k"


@click.command()
@clips_option()
@click.option(
    "--reel",
    "want_reels",
    is_flag=True,
    help="Moving clips made of labelled faces; beside --clip a footage of their own. The default "
    "where NARROWCAST_DATA is set; elsewhere it is the source sample.",
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
    help="What to hold our controller against: the 8 fixed operating points that promise most at "
    "the line's rate or all 168; and with either plain stepping, a simple rule, PSNR in place of "
    "CCC, and JPEG.",
)
@click.option(
    "--table",
    "table_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Operating table, as `narrowcast rd --table` writes it, in place of the shipped one.",
)
@click.option(
    "--leave-one-out",
    "tables_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Play each --clip by a stream of its own, with the operating table FOLDER/NAME.json, NAME "
    "being the clip's without its suffix: one that was made without it.",
)
@click.option(
    "--psnr-table",
    "psnr_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What the PSNR baseline chooses from, as `narrowcast rd --psnr-table` writes it, in place "
    "of the shipped one.",
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
    film_path: Path | None,
    seed: int,
    caps: tuple[Schedule, ...],
    traces: tuple[Path, ...],
    trace_scale: float | None,
    trace_mean_bps: float | None,
    delay_s: float | None,
    latency_s: float | None,
    baselines: str,
    table_path: Path | None,
    tables_folder: Path | None,
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
      narrowcast bench link --clip anna.mp4 --clip ben.mp4 --leave-one-out tables --cap 8k
      narrowcast bench link --clip anna.mp4 --clip ben.mp4 --reel --cap 8k --cap 2k

    Rate, delay and CCC; all clips are played one behind the other, over every line anew. With
    both --clip and --reel there are two footages, film and reels, each with figures of its own.
    docs/rate.md explains each figure.
    """
    from rich.console import Console

    from narrowcast_encoder.rate.table import load as load_table
    from narrowcast_encoder.session.settings import StreamSettings
    from narrowcast_lab.link_bench import chart, choose, report
    from narrowcast_lab.link_bench.contenders import PSNR_TABLE, Baselines
    from narrowcast_lab.link_bench.lines import TraceScale, lines
    from narrowcast_lab.link_bench.runs import bench
    from narrowcast_models import model_card
    from narrowcast_models.recogniser import Precision, Recogniser
    from narrowcast_models.training.provenance import git_revision
    from narrowcast_shared.link import parse_schedule

    reels_are_played = want_reels or (not clips and choose.data_is_there())
    if film_path is not None and not reels_are_played:
        raise click.UsageError("--film is what reels borrow their motion from: add --reel")
    if tables_folder is not None:
        _check_leave_one_out(bool(clips), table_is_idle=bool(table_path) and not reels_are_played)
    output.check(json_path, plot_path)
    if not (caps or traces):
        caps = (parse_schedule(DEFAULT_CAP),)
    scale = TraceScale(trace_scale, trace_mean_bps)
    over = lines(caps, traces, scale, round(1e6 * (delay_s or 0)))
    _, card = model_card.find(model)
    made = choose.Reels(faces, reels, seconds, seed, film_path) if reels_are_played else None
    footages = choose.footages(clips, detector, made, seconds)
    asked = StreamSettings(
        latency_us=None if latency_s is None else round(1e6 * latency_s),
        table=None if table_path is None else load_table(table_path),
    )
    psnr_table = load_table(psnr_path or PSNR_TABLE)
    tables = choose.tables(clips, tables_folder)
    held_against = Baselines(baselines)
    recogniser, console = Recogniser.load(model, Precision.FLOAT32), Console()
    drawn, told = [], {}
    for label, chosen in footages.items():
        own = tables if label == choose.FILM else []
        found = bench(recogniser, chosen.footage, over, held_against, asked, psnr_table, own)
        title = f"{card.name} on {chosen.title}"
        console.print(f"{label}: {title}" if len(footages) > 1 else title)
        for run in found.runs:
            console.print(report.table(found, run))
        drawn.append((found, title))
        told[label] = chosen.described | {"leave_one_out": bool(own)} | report.as_json(found)
    if json_path is not None:
        described = {"model": card.name, "sha256": card.sha256, "git_revision": git_revision()}
        figures = {"footages": told} if len(told) > 1 else next(iter(told.values()))
        output.write(json_path, model_card.to_json(described | figures))
    if plot_path is not None:
        output.write(plot_path, chart.svg(drawn))


def _check_leave_one_out(clips_are_played: bool, *, table_is_idle: bool) -> None:
    if not clips_are_played:
        raise click.UsageError("--leave-one-out names tables of clips: add --clip")
    if table_is_idle:
        raise click.UsageError("--table and --leave-one-out both name the clips' table: give one")

"""`narrowcast rd`: the operating table, measured through the real codec and model."""

import shlex
import sys
from pathlib import Path

import click

from narrowcast_models.commands import output
from narrowcast_models.commands.measuring_options import (
    px_list_option,
    qp_list_option,
    reel_options,
    threads_option,
)
from narrowcast_shared import options

SOURCE_FPS = 25.0


def rates(value: str) -> tuple[float, ...]:
    """A click type: frames a second, separated by commas, at most those of a reel."""
    return tuple(dict.fromkeys(_rate(part.strip()) for part in value.split(",")))


def _rate(text: str) -> float:
    try:
        fps = float(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no number") from None
    if not 0 < fps <= SOURCE_FPS:
        raise click.BadParameter(f"{text} is not above 0 and at most {SOURCE_FPS:g}")
    return fps


@click.command()
@reel_options(16, 20, "dev")
@px_list_option("96,80,64,48,40,32,24,20,16,12,8,6")
@qp_list_option("20,24,28,32,36,40,44,48")
@click.option(
    "--fps",
    "rates_fps",
    type=rates,
    default="25,12.5,8,5,4,3,2,1.5,1",
    show_default=True,
    metavar="LIST",
    help="Coded frames a second, of the 25 of a reel.",
)
@options.model_option()
@threads_option(1)
@options.json_file_option()
@click.option(
    "--table",
    "table_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write the encoder's table to FILE, JSON.",
)
@click.option(
    "--figure",
    "figure_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also draw CCC kept over wire rate to FILE, SVG.",
)
@click.option(
    "--cells",
    "cells_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep what is finished there, and go on from it after a break.",
)
def rd(
    faces: str,
    reels: int,
    seconds: float,
    film_path: Path | None,
    seed: int,
    sizes_px: tuple[int, ...],
    qps: tuple[int, ...],
    rates_fps: tuple[float, ...],
    model: str,
    threads: int,
    json_path: Path | None,
    table_path: Path | None,
    figure_path: Path | None,
    cells_folder: Path | None,
) -> None:
    r"""Measure the table that rate control goes by.

    \b
    Examples:
      narrowcast rd --json rd.json --figure rd.svg --table table.json
      narrowcast rd --reels 4 --px 48,24 --qp 32,40 --fps 25,5

    What sizes, quantisers and frame rates keep of valence, and cost. Reels, which are labelled
    faces made into moving clips, go through encoder, decoder and model as one stream each. Prints
    the best operating point under some line rates.
    """
    output.check(json_path, table_path, figure_path)
    import torch
    from rich.console import Console

    from narrowcast_lab import reel_clips
    from narrowcast_lab.rd import report
    from narrowcast_lab.rd.cells import Cells
    from narrowcast_lab.rd.measure import Grid, measure
    from narrowcast_models import model_card
    from narrowcast_models.evaluation import models
    from narrowcast_models.training.provenance import git_revision

    torch.set_num_threads(threads)
    reader, card = models.load(model)
    clips, made = reel_clips.load(faces, reels, seconds, seed, film_path)
    source = {
        "model": card.name,
        "weights_sha256": card.sha256,
        "git_revision": git_revision(),
        "command": f"narrowcast {shlex.join(sys.argv[1:])}",
        **made,
    }
    cells = None
    if cells_folder is not None:
        cells = Cells.of(cells_folder, {"weights_sha256": card.sha256, "qps": qps, **made})
    measured = measure(reader, clips, Grid(sizes_px, qps, rates_fps), cells)
    title = f"{card.name} on {reels} reels of {made['reels']['faces']}, {seconds:g} s each"
    Console().print(report.table(measured, title))
    if json_path is not None:
        output.write(json_path, model_card.to_json(report.full(measured, source)))
    if table_path is not None:
        output.write(table_path, model_card.to_json(report.shipped(measured, source)))
    if figure_path is not None:
        output.write(figure_path, report.chart(measured, title))

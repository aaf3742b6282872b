"""`narrowcast rd`: the operating table, measured through the real codec, line and model."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from narrowcast_encoder.commands.detector import DetectorChoice, detector_options
from narrowcast_models.commands import output
from narrowcast_models.commands.measuring_options import (
    clips_option,
    px_list_option,
    qp_list_option,
    reel_options,
)
from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_lab.rd.measure import Measured

RATES = "1k,1500,2k,3k,4k,6k,8k,12k,16k,24k,32k,48k"


def rates(value: str) -> tuple[int, ...]:
    """A click type: wire rates, separated by commas, in rising order."""
    return tuple(sorted({round(options.rate(part.strip())) for part in value.split(",")}))


@click.command()
@clips_option()
@click.option(
    "--rounds",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    metavar="N",
    help="How often the clips are played, each time in another order.",
)
@click.option(
    "--reel",
    "want_reels",
    is_flag=True,
    help="Moving clips made of labelled faces, beside --clip; they are also played without it.",
)
@reel_options(10, 20, "dev")
@px_list_option("96,64,48,32,24,16")
@qp_list_option("28,32,36,40")
@click.option(
    "--lines",
    "rates_bps",
    type=rates,
    default=RATES,
    show_default=True,
    metavar="LIST",
    help="What the lines carry, headers counted.",
)
@detector_options()
@options.model_option()
@options.json_file_option()
@click.option(
    "--table",
    "table_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write the encoder's table to FILE, JSON.",
)
@click.option(
    "--psnr-table",
    "psnr_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write the table of a controller that protects the picture, for `bench link`.",
)
@click.option(
    "--leave-one-out",
    "tables_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Also write FOLDER/NAME.json for each --clip, a table made without it, for `bench link`.",
)
@click.option(
    "--figure",
    "figure_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also draw what rungs keep over the line's rate to FILE, SVG.",
)
def rd(
    clips: tuple[Path, ...],
    rounds: int,
    want_reels: bool,
    reels: int,
    seconds: float,
    faces: str,
    film_path: Path | None,
    seed: int,
    sizes_px: tuple[int, ...],
    qps: tuple[int, ...],
    rates_bps: tuple[int, ...],
    detector: DetectorChoice,
    model: str,
    json_path: Path | None,
    table_path: Path | None,
    psnr_path: Path | None,
    tables_folder: Path | None,
    figure_path: Path | None,
) -> None:
    r"""Measure the table that rate control goes by.

    \b
    Examples:
      narrowcast rd --clip anna.mp4 --clip ben.mp4 --reel --json rd.json --table table.json
      narrowcast rd --reels 4 --px 48,24 --qp 32,40 --lines 4k,16k

    What each size and quantiser keeps of valence on simulated lines, sent as the encoder sends it.
    Prints the best rungs of each line.
    """
    if tables_folder is not None and len(clips) < 2:
        raise click.UsageError("--leave-one-out needs two clips or more: add --clip")
    output.check(json_path, table_path, psnr_path, figure_path)
    from rich.console import Console

    from narrowcast_lab.link_bench import choose
    from narrowcast_lab.link_bench.footage import Clip
    from narrowcast_lab.rd import report
    from narrowcast_lab.rd.measure import Grid, measure
    from narrowcast_models import model_card
    from narrowcast_models.recogniser import Precision, Recogniser
    from narrowcast_models.training.provenance import git_revision

    _, card = model_card.find(model)
    recogniser = Recogniser.load(model, Precision.FLOAT32)
    film = choose.clips(clips, detector.make()) if clips else []
    made: list[Clip] = []
    footage: dict[str, Any] = {"clips": {clip.name: len(clip.chips) for clip in film}}
    if want_reels or not clips:
        asked = choose.Reels(faces, reels, seconds, seed, film_path)
        made, described = choose.made_reels(asked)
        footage |= described
    source: dict[str, Any] = {
        "model": card.name,
        "weights_sha256": card.sha256,
        "git_revision": git_revision(),
        # Without folders: a table is shipped, and they are those of one machine.
        "command": f"narrowcast {shlex.join(Path(word).name for word in sys.argv[1:])}",
        "footage": footage,
    }
    grid = Grid(sizes_px, qps, rates_bps)
    measured = measure(recogniser, film, made, grid, rounds, seed)
    names = [*(clip.name for clip in film), *([f"{reels} reels"] if made else [])]
    title = f"{card.name} on {', '.join(names)}"
    Console().print(report.table(measured, title))
    outputs = [
        (json_path, report.full(measured, source)),
        (table_path, report.shipped(measured, source)),
        (psnr_path, report.shipped(measured, source, psnr=True)),
    ]
    if tables_folder is not None:
        tables_folder.mkdir(parents=True, exist_ok=True)
        outputs += [
            (tables_folder / f"{Path(clip.name).stem}.json", _without(measured, source, clip.name))
            for clip in film
        ]
    for path, content in outputs:
        if path is not None:
            output.write(path, model_card.to_json(content))
    if figure_path is not None:
        output.write(figure_path, report.chart(measured, title))


def _without(measured: "Measured", source: dict[str, Any], clip: str) -> dict[str, Any]:
    """The table that does not know of a clip."""
    from narrowcast_lab.rd import report

    origin = {**source, "footage": {**source["footage"], "left_out": clip}}
    return report.shipped(measured, origin, left_out=clip)

"""`narrowcast bench moving`: what rungs keep of valence on moving clips, and the best at a rate."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from narrowcast_encoder.commands.detector import DetectorChoice, detector_options
from narrowcast_models.commands import output
from narrowcast_models.commands.measuring_options import (
    plot_option,
    px_list_option,
    qp_list_option,
    reel_options,
)
from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_models.evaluation.moving import MovingClip


@click.command()
@click.option(
    "--clips",
    "paths",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE|FOLDER",
    help="Real video, cropped as live and brought to 25 fps. May be repeated.",
)
@reel_options(None, 20)
@px_list_option("96,64,48,32,24,16")
@qp_list_option("28,32,36,40,42,45")
@detector_options()
@options.model_option()
@options.json_file_option()
@plot_option("the frontier over all rungs")
def moving(
    paths: tuple[Path, ...],
    reels: int | None,
    seconds: float,
    faces: str,
    film_path: Path | None,
    seed: int,
    sizes_px: tuple[int, ...],
    qps: tuple[int, ...],
    detector: DetectorChoice,
    model: str,
    json_path: Path | None,
    plot_path: Path | None,
) -> None:
    r"""Measure what moving clips keep through the codec.

    \b
    Examples:
      narrowcast bench moving --clips recordings --px 96,48,24 --qp 30,36,42
      narrowcast bench moving --reels 12 --seconds 20 --json moving.json --plot moving.svg

    At every rung, against the same model on uncoded chips. Each clip is one stream: a keyframe,
    then P frames. CCC kept is that of the coded readings against the uncoded ones, over the
    frames of all clips; reels have labels, so that CCC against them and the truth of sigma are
    shown too.
    """
    if bool(paths) == (reels is not None):
        raise click.UsageError("name either --clips or --reels")
    if paths and film_path is not None:
        raise click.UsageError("--film is what reels borrow their motion from: name --reels")
    from rich.console import Console

    from narrowcast_lab import reel_clips
    from narrowcast_models import model_card
    from narrowcast_models.evaluation import moving as moving_
    from narrowcast_models.evaluation import moving_report
    from narrowcast_models.recogniser import Precision, Recogniser
    from narrowcast_models.training.provenance import git_revision
    from narrowcast_shared.operating_point import Rung

    _, card = model_card.find(model)
    if reels is None:
        clips, source = _real(paths, detector)
    else:
        clips, source = reel_clips.load(faces, reels, seconds, seed, film_path)
    rungs = [Rung(px, qp) for px in sizes_px for qp in qps]
    uncoded, coded = moving_.measure(Recogniser.load(model, Precision.FLOAT32), clips, rungs)
    title = f"{card.name} on {_told(clips, source)}"
    Console().print(moving_report.table(uncoded, coded, title))
    Console().print(moving_report.asked_table(coded))
    if json_path is not None:
        described = {"model": card.name, "sha256": card.sha256, "git_revision": git_revision()}
        report = described | source | moving_report.as_json(uncoded, coded)
        output.write(json_path, model_card.to_json(report))
    if plot_path is not None:
        output.write(plot_path, moving_report.chart(coded, title))


def _real(
    paths: Sequence[Path], detector: DetectorChoice
) -> "tuple[list[MovingClip], dict[str, Any]]":
    """Clips by the file's name alone: where they lie is nobody else's matter."""
    import cv2

    from narrowcast_lab import real_clips
    from narrowcast_models.evaluation.moving_figures import FPS

    cv2.setNumThreads(1)
    clips = real_clips.load(real_clips.find(paths), detector.make(), FPS)
    return clips, {"clips": {clip.name: len(clip.chips) for clip in clips}}


def _told(clips: "Sequence[MovingClip]", source: dict[str, Any]) -> str:
    frames = sum(len(clip.chips) for clip in clips)
    if "reels" in source:
        return f"{len(clips)} reels of {source['reels']['faces']}, {frames} frames"
    return f"{len(clips)} clips, {frames} frames"

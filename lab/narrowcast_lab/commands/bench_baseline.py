"""`narrowcast bench baseline`: what subtracting a person's rest is worth."""

from pathlib import Path

import click

from narrowcast_encoder.commands.detector import DetectorChoice, detector_options
from narrowcast_models.commands.measuring_options import px_list_option
from narrowcast_shared import options


@click.command()
@click.argument("clips", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@options.model_option()
@detector_options()
@px_list_option("96,48,24,16,12,8")
@options.json_file_option()
def baseline(
    clips: tuple[Path, ...],
    model: str,
    detector: DetectorChoice,
    sizes_px: tuple[int, ...],
    json_path: Path | None,
) -> None:
    r"""Measure what valence above rest is worth.

    \b
    Examples:
      narrowcast bench baseline
      narrowcast bench baseline clips/grid_*.mpg --json baseline.json

    Does it say more than valence? On photographs of LFW's people, taken on different days; and on
    each FILE, of one person, its second half above its first. NARROWCAST_DATA names the folder of
    the photographs.
    """
    import torch

    from narrowcast_lab.baseline_bench import clips as takes
    from narrowcast_lab.baseline_bench import photographs, tables
    from narrowcast_models import model_card
    from narrowcast_models.commands import output
    from narrowcast_models.evaluation import models

    torch.set_num_threads(1)
    reader, card = models.load(model)
    of_people = photographs.load()
    rows = photographs.measure(reader, of_people, sizes_px)
    people = len(set(of_people.person.tolist()))
    neutral = int(of_people.neutral.sum())
    click.echo(f"{neutral} neutral photographs of {people} people\n\n{tables.of_photographs(rows)}")
    report = {
        "model": card.name,
        "people": people,
        "neutral": neutral,
        "happy": len(of_people.faces) - neutral,
        "photographs": [row._asdict() for row in rows],
    }
    if clips:
        loaded = takes.load(clips, detector.make())
        halves = takes.measure(reader, loaded, sizes_px)
        click.echo(f"\nsecond halves of {len(loaded)} clips\n\n{tables.of_clips(halves)}")
        report["clips"] = [row._asdict() for row in halves]
    if json_path is not None:
        output.write(json_path, model_card.to_json(report))

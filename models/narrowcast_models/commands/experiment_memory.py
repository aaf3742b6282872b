"""`narrowcast experiment memory`: what state over time could add at most."""

from pathlib import Path

import click

from narrowcast_models.commands import output
from narrowcast_models.commands.measuring_options import MAX_REEL_S, reels_option, seed_option
from narrowcast_shared import options


@click.command()
@reels_option(48)
@options.seconds_option(6, "Length of a reel.", MAX_REEL_S)
@seed_option(3)
@options.model_option()
@options.json_file_option()
def memory(reels: int, seconds: float, seed: int, model: str, json_path: Path | None) -> None:
    r"""Measure what averaging readings over time would add.

    \b
    Examples:
      narrowcast experiment memory
      narrowcast experiment memory --reels 12 --json memory.json

    On moving faces of FER+ `dev`, cut hard from one to the next, each reel a stream. Averages
    over what is known to be one face bound what any memory could win.
    """
    import torch
    from rich.console import Console

    from narrowcast_models import checkpoint, model_card
    from narrowcast_models.data import ferplus
    from narrowcast_models.evaluation import memory as memory_
    from narrowcast_models.evaluation import memory_report
    from narrowcast_models.recogniser.torch_backend import TorchRecogniser
    from narrowcast_models.reels import ReelConfig, make_many
    from narrowcast_models.training.provenance import git_revision

    config = ReelConfig(dissolve_share=0)
    network, card = checkpoint.load(model)
    faces = ferplus.load().dev
    generator = torch.Generator().manual_seed(seed)
    made = make_many(faces, reels, round(seconds * config.fps), config, generator)
    segments = sum(len(reel.starts) for reel in made)
    rows = memory_.measure(TorchRecogniser(network), made)
    title = f"{card.name} on {reels} reels of {seconds:g} s, {segments} segments of {faces.name}"
    Console().print(memory_report.table(rows, title))
    if json_path is not None:
        report = {
            "model": card.name,
            "sha256": card.sha256,
            "git_revision": git_revision(),
            "faces": faces.name,
            "seed": seed,
            "reels": reels,
            "frames": reels * len(made[0].chips),
            "segments": segments,
            "reel": config._asdict(),
        }
        output.write(json_path, model_card.to_json(report | memory_report.as_json(rows)))

"""`narrowcast experiment memory`: what state over time could add at most."""

from pathlib import Path

import click

from narrowcast_models.commands import output


@click.command(epilog="Example: narrowcast experiment memory --reels 48 --json memory.json")
@click.option("--reels", "count", type=click.IntRange(1), default=48, show_default=True)
@click.option(
    "--seconds",
    type=click.FloatRange(0.04),
    default=6.0,
    show_default=True,
    help="Length of a reel, at 25 fps.",
)
@click.option("--seed", type=click.IntRange(0), default=3, show_default=True)
@click.option(
    "--model",
    default="oa",
    show_default=True,
    metavar="oa|FILE",
    help="A shipped model, or a .safetensors file with its card beside it.",
)
@click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.json",
    help="Write every figure there.",
)
def memory(count: int, seconds: float, seed: int, model: str, json_path: Path | None) -> None:
    """Measure what averaging readings over time adds to reading frame by frame.

    On moving faces of FER+ `dev`, cut hard from one to the next, each reel a stream. Averages
    over what is known to be one face bound what any memory could win.
    """
    import torch
    from rich.console import Console

    from narrowcast_models import checkpoint
    from narrowcast_models.data import ferplus
    from narrowcast_models.evaluation import memory as memory_
    from narrowcast_models.evaluation import memory_report
    from narrowcast_models.recogniser import Recogniser
    from narrowcast_models.reels import ReelConfig, make_many
    from narrowcast_models.training.provenance import git_revision

    config = ReelConfig(dissolve_share=0)
    network, card = checkpoint.load(model)
    faces = ferplus.load().dev
    generator = torch.Generator().manual_seed(seed)
    reels = make_many(faces, count, round(seconds * config.fps), config, generator)
    segments = sum(len(reel.starts) for reel in reels)
    rows = memory_.measure(Recogniser(network), reels)
    title = f"{card.name} on {count} reels of {seconds:g} s, {segments} segments of {faces.name}"
    Console().print(memory_report.table(rows, title))
    if json_path is not None:
        report = {
            "model": card.name,
            "sha256": card.sha256,
            "git_revision": git_revision(),
            "faces": faces.name,
            "seed": seed,
            "reels": count,
            "frames": count * len(reels[0].chips),
            "segments": segments,
            "reel": config._asdict(),
        }
        output.write(json_path, checkpoint.to_json(report | memory_report.as_json(rows)))

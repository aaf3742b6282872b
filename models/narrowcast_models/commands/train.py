"""`narrowcast train`: the commands that make the weights."""

import shlex
import sys
from pathlib import Path

import click

from narrowcast_models.commands.train_paper import paper
from narrowcast_shared.errors import SettingsError


@click.group()
def train() -> None:
    """Train a recogniser and write its weights with a card that says how.

    The data sets are read where the environment variable NARROWCAST_DATA points.
    """


train.add_command(paper)


@train.command(epilog="Example: narrowcast train oa --run runs/oa --seed 1")
@click.option(
    "--run",
    "run_folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs/oa"),
    show_default=True,
    help="Folder of the run. One that was stopped goes on where it was.",
)
@click.option("--epochs", type=click.IntRange(1), help="Passes over the training faces.")
@click.option("--seed", type=click.IntRange(0), help="Seed of everything drawn.")
@click.option("--threads", type=click.IntRange(1), help="Threads of computation; all cores else.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Weights to write, .safetensors; the shipped ones unless told otherwise.",
)
def oa(
    run_folder: Path,
    epochs: int | None,
    seed: int | None,
    threads: int | None,
    out: Path | None,
) -> None:
    """Train `oa`, the one-for-all network, on FER+ with the codec in the loop.

    Trains, calibrates sigma on faces held out, measures the figures and writes the weights.
    """
    if out is not None and out.suffix != ".safetensors":
        raise SettingsError(f"--out {out} does not end in .safetensors")
    from dataclasses import replace

    import torch
    from rich.console import Console

    from narrowcast_models import checkpoint
    from narrowcast_models.evaluation.sizes import Figures
    from narrowcast_models.evaluation.table import table
    from narrowcast_models.training.recipe import make_one_for_all
    from narrowcast_models.training.run import TrainConfig

    if threads is not None:
        torch.set_num_threads(threads)
    config = TrainConfig()
    config = config if epochs is None else replace(config, epochs=epochs)
    config = config if seed is None else replace(config, seed=seed)
    out = out or checkpoint.WEIGHTS_FOLDER / f"{checkpoint.DEFAULT_MODEL}.safetensors"
    command = f"narrowcast {shlex.join(sys.argv[1:])}"
    card = make_one_for_all(config, run_folder, out, command)
    figures = [Figures(**row) for row in card.figures["eval_clean"]]
    Console().print(table(figures, f"{card.name} on FER+ eval_clean"))
    click.echo(f"wrote {out} and {out.with_suffix('.json').name}")

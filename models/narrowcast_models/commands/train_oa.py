"""`narrowcast train oa` and `narrowcast train oa-l`: the product's networks."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_shared.errors import SettingsError
from narrowcast_shared.options import Command

if TYPE_CHECKING:
    from narrowcast_models.training.recipe import Recipe


def _options(name: str) -> Callable[[Command], Command]:
    """What both commands take."""

    def add(command: Command) -> Command:
        for option in reversed(
            (
                click.option(
                    "--run",
                    "run_folder",
                    type=click.Path(file_okay=False, path_type=Path),
                    default=Path("runs") / name,
                    show_default=True,
                    help="Folder of the run. One that was stopped goes on where it was.",
                ),
                click.option(
                    "--epochs", type=click.IntRange(1), help="Passes over the training faces."
                ),
                click.option("--seed", type=click.IntRange(0), help="Seed of everything drawn."),
                click.option(
                    "--bf16/--no-bf16",
                    default=None,
                    help="Convolutions in bfloat16: faster on CPUs with AVX512-BF16 or AMX.",
                ),
                click.option(
                    "--threads", type=click.IntRange(1), help="Threads of computation; else all."
                ),
                click.option(
                    "--out",
                    type=click.Path(dir_okay=False, path_type=Path),
                    help="Weights to write, .safetensors; the shipped ones unless told otherwise.",
                ),
            )
        ):
            command = option(command)
        return command

    return add


@click.command(epilog="Example: narrowcast train oa --run runs/oa --seed 1")
@_options("oa")
@click.option(
    "--taught-epochs",
    type=click.IntRange(0),
    help="Passes with `oa-l` as a teacher, after those without; 0 for none.",
)
def oa(
    run_folder: Path,
    epochs: int | None,
    seed: int | None,
    bf16: bool | None,
    threads: int | None,
    out: Path | None,
    taught_epochs: int | None,
) -> None:
    """Train `oa`, the one-for-all network, on FER+ with the codec in the loop.

    Trains it by itself, then with `oa-l` as a teacher, calibrates on faces held out, measures the
    figures and writes the weights with their card.
    """
    from narrowcast_models.training.recipe import OA

    recipe = OA.changed(epochs, taught_epochs, seed, bf16)
    _train(recipe, run_folder, threads, out)


@click.command("oa-l", epilog="Example: narrowcast train oa-l --run runs/oa-l --seed 1")
@_options("oa-l")
def oa_l(
    run_folder: Path,
    epochs: int | None,
    seed: int | None,
    bf16: bool | None,
    threads: int | None,
    out: Path | None,
) -> None:
    """Train `oa-l`, a larger one-for-all network and the teacher of `oa`.

    Trains on FER+ with the codec in the loop, calibrates on faces held out, measures the figures
    and writes the weights with their card.
    """
    from narrowcast_models.training.recipe import OA_L

    _train(OA_L.changed(epochs, None, seed, bf16), run_folder, threads, out)


def _train(recipe: "Recipe", run_folder: Path, threads: int | None, out: Path | None) -> None:
    if out is not None and out.suffix != ".safetensors":
        raise SettingsError(f"--out {out} does not end in .safetensors")
    import torch
    from rich.console import Console

    from narrowcast_models import checkpoint
    from narrowcast_models.evaluation.sizes import Figures
    from narrowcast_models.evaluation.table import table
    from narrowcast_models.training.recipe import make

    if threads is not None:
        torch.set_num_threads(threads)
    out = out or checkpoint.WEIGHTS_FOLDER / f"{recipe.name}.safetensors"
    card = make(recipe, run_folder, out, f"narrowcast {shlex.join(sys.argv[1:])}")
    figures = [Figures(**row) for row in card.figures["eval_clean"]]
    Console().print(table(figures, f"{card.name} on FER+ eval_clean"))
    click.echo(f"wrote {out} and {out.with_suffix('.json').name}")

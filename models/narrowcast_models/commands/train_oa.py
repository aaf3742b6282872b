"""`narrowcast train oa` and `narrowcast train oa-l`: the product's networks."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_models.commands.measuring_options import (
    Decorator,
    bf16_option,
    in_order,
    run_option,
    seed_option,
    threads_option,
    weights_option,
)
from narrowcast_shared.errors import SettingsError

if TYPE_CHECKING:
    from narrowcast_models.training.recipe import Recipe


def _options(name: str) -> Decorator:
    """What both commands take."""
    return in_order(
        (
            run_option(Path("runs") / name),
            click.option(
                "--epochs",
                type=click.IntRange(1),
                metavar="N",
                help="Passes over the training faces.",
            ),
            seed_option(None),
            bf16_option(),
            threads_option(),
            weights_option(),
        )
    )


@click.command()
@_options("oa")
@click.option(
    "--taught-epochs",
    type=click.IntRange(0),
    metavar="N",
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
    r"""Train `oa`, the model that reads by default.

    \b
    Examples:
      narrowcast train oa
      narrowcast train oa --run runs/mine --seed 2 --out mine.safetensors

    The one-for-all network, on FER+ with the codec in the loop. Trains it by itself, then with
    `oa-l` as a teacher, calibrates on faces held out, measures the figures and writes the weights
    with their card.
    """
    from narrowcast_models.training.recipe import OA

    recipe = OA.changed(epochs, taught_epochs, seed, bf16)
    _train(recipe, run_folder, threads, out)


@click.command("oa-l")
@_options("oa-l")
def oa_l(
    run_folder: Path,
    epochs: int | None,
    seed: int | None,
    bf16: bool | None,
    threads: int | None,
    out: Path | None,
) -> None:
    r"""Train `oa-l`, a larger model and the teacher of `oa`.

    \b
    Examples:
      narrowcast train oa-l
      narrowcast train oa-l --run runs/oa-l --seed 1

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

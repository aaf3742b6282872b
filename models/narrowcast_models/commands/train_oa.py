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
                multiple=True,
                metavar="N",
                help="Passes over the training faces; once for each stage. Stages that are not "
                "named are left out.",
            ),
            click.option(
                "--film",
                "film_path",
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="Chips of real clips, as `narrowcast chips` writes them: stills borrow their "
                "motion, and the clips are learned from. Without it, stills move rigidly.",
            ),
            seed_option(None),
            bf16_option(),
            threads_option(),
            weights_option(),
        )
    )


@click.command()
@_options("oa")
def oa(
    run_folder: Path,
    film_path: Path | None,
    epochs: tuple[int, ...],
    seed: int | None,
    bf16: bool | None,
    threads: int | None,
    out: Path | None,
) -> None:
    r"""Train `oa`, the model that reads by default.

    \b
    Examples:
      narrowcast train oa
      narrowcast train oa --run runs/mine --seed 2 --out mine.safetensors

    The one-for-all network, on FER+ and LFW with the codec in the loop. Trains it on people's votes
    and what public recognisers read, then with `oa-l` as a further teacher, calibrates on faces
    held out, measures the figures and writes the weights with their card.
    """
    from narrowcast_models.training.recipe import OA

    recipe = OA.changed(epochs, seed, bf16)
    _train(recipe, run_folder, film_path, threads, out)


@click.command("oa-l")
@_options("oa-l")
def oa_l(
    run_folder: Path,
    film_path: Path | None,
    epochs: tuple[int, ...],
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

    Trains on FER+ and LFW with the codec in the loop, calibrates on faces held out, measures the
    figures and writes the weights with their card.
    """
    from narrowcast_models.training.recipe import OA_L

    _train(OA_L.changed(epochs, seed, bf16), run_folder, film_path, threads, out)


def _train(
    recipe: "Recipe",
    run_folder: Path,
    film_path: Path | None,
    threads: int | None,
    out: Path | None,
) -> None:
    if out is not None and out.suffix != ".safetensors":
        raise SettingsError(f"--out {out} does not end in .safetensors")
    import torch
    from rich.console import Console

    from narrowcast_models import model_card
    from narrowcast_models.evaluation.sizes import Figures
    from narrowcast_models.evaluation.table import table
    from narrowcast_models.training.recipe import make

    if threads is not None:
        torch.set_num_threads(threads)
    out = out or model_card.WEIGHTS_FOLDER / f"{recipe.name}.safetensors"
    command = f"narrowcast {shlex.join(sys.argv[1:])}"
    card = make(recipe, run_folder, out, command, film_path)
    figures = [Figures(**row) for row in card.figures["eval_clean"]]
    Console().print(table(figures, f"{card.name} on FER+ eval_clean"))
    click.echo(f"wrote {out} and {out.with_suffix('.json').name}")

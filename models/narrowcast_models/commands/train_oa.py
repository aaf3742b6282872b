"""`narrowcast train oa`: the product's network."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path

import click

from narrowcast_shared.errors import SettingsError


@click.command(epilog="Example: narrowcast train oa --run runs/oa --seed 1")
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
@click.option(
    "--teacher",
    metavar="MODEL",
    help="A shipped model or weight file that reads the faces before the link, to learn from.",
)
@click.option(
    "--bf16/--no-bf16",
    default=None,
    help="Convolutions in bfloat16: faster on CPUs with AVX512-BF16 or AMX, slower on others.",
)
@click.option("--threads", type=click.IntRange(1), help="Threads of computation; else all.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Weights to write, .safetensors; the shipped ones unless told otherwise.",
)
def oa(
    run_folder: Path,
    epochs: int | None,
    seed: int | None,
    teacher: str | None,
    bf16: bool | None,
    threads: int | None,
    out: Path | None,
) -> None:
    """Train `oa`, the one-for-all network, on FER+ with the codec in the loop.

    Trains, calibrates on faces held out, measures the figures and writes the weights with their
    card.
    """
    if out is not None and out.suffix != ".safetensors":
        raise SettingsError(f"--out {out} does not end in .safetensors")
    import torch
    from rich.console import Console

    from narrowcast_models import checkpoint
    from narrowcast_models.evaluation.sizes import Figures
    from narrowcast_models.evaluation.table import table
    from narrowcast_models.training.recipe import OA, make

    if threads is not None:
        torch.set_num_threads(threads)
    changes = {"epochs": epochs, "seed": seed, "teacher": teacher, "bf16": bf16}
    chosen = {key: value for key, value in changes.items() if value is not None}
    config = replace(OA, **chosen)  # type: ignore[arg-type]
    out = out or checkpoint.WEIGHTS_FOLDER / f"{checkpoint.DEFAULT_MODEL}.safetensors"
    card = make(config, run_folder, out, f"narrowcast {shlex.join(sys.argv[1:])}")
    figures = [Figures(**row) for row in card.figures["eval_clean"]]
    Console().print(table(figures, f"{card.name} on FER+ eval_clean"))
    click.echo(f"wrote {out} and {out.with_suffix('.json').name}")

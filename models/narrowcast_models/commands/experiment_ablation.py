"""`narrowcast experiment ablation`: what each idea in `oa` gives, by runs without it."""

from pathlib import Path

import click

from narrowcast_models.commands import lists, output
from narrowcast_models.commands.measuring_options import (
    bf16_option,
    out_folder_option,
    run_option,
    seed_option,
    threads_option,
)

VARIANTS = (
    "base", "no-picture", "sr-first", "dedicated-48", "dedicated-16", "dedicated-8", "no-codec",
    "plain-motion", "taught",
)  # fmt: skip
_ALONE = VARIANTS[:-1]
"""Those that need no other model's weights."""


@click.command()
@run_option(Path("runs/ablation"))
@click.option(
    "--epochs",
    type=click.IntRange(2),
    default=8,
    show_default=True,
    metavar="N",
    help="Passes over the training faces.",
)
@click.option(
    "--variants",
    "names",
    type=lists.names(VARIANTS),
    default=",".join(_ALONE),
    show_default=True,
    metavar="LIST",
    help="What to train; `taught` too, by the shipped oa-l.",
)
@seed_option()
@bf16_option()
@threads_option()
@out_folder_option(Path("benchmarks/ablation"), "cells and table.md")
def ablation(
    run_folder: Path,
    epochs: int,
    names: tuple[str, ...],
    seed: int,
    bf16: bool | None,
    threads: int | None,
    folder: Path,
) -> None:
    r"""Train short runs of `oa` that differ in one thing each.

    \b
    Examples:
      narrowcast experiment ablation
      narrowcast experiment ablation --variants base,no-picture --epochs 6

    On FER+ `dev`: a quarter calibrates each network, the rest scores it. Stop it at any time:
    what is finished is kept, what was begun goes on.
    """
    from dataclasses import replace

    import torch

    from narrowcast_models.data import ferplus
    from narrowcast_models.training import ablation_report, stills
    from narrowcast_models.training.ablation import Ablation, AblationFaces
    from narrowcast_models.training.recipe import OA

    if threads is not None:
        torch.set_num_threads(threads)
    base = replace(OA.stages[0], epochs=epochs, seed=seed)
    if bf16 is not None:
        base = replace(base, bf16=bf16)
    faces = AblationFaces(stills.load, ferplus.load().dev)
    cells = Ablation(faces, base, run_folder, folder).make(names)
    text = ablation_report.markdown(cells)
    output.write(folder / "table.md", text)
    click.echo(text)
    click.echo(f"wrote {folder / 'table.md'} from {len(cells)} cells")

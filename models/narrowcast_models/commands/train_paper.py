"""`narrowcast train paper`: the paper's Joint-OA, as a model to compare with."""

import shlex
import sys
from pathlib import Path

import click

from narrowcast_models.commands.experiment_paper import factors, schedule_options
from narrowcast_models.commands.measuring_options import (
    device_option,
    run_option,
    seed_option,
    threads_option,
    weights_option,
)
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.operating_point import CHIP_PX


@click.command()
@run_option(Path("runs/train-paper"))
@click.option(
    "--mixture",
    type=factors,
    default="3,4,6,8,12,16",
    show_default=True,
    metavar="LIST",
    help="Downsampling factors of the 96-px chip that it is fine-tuned on; super-resolution is "
    "pre-trained at the largest.",
)
@click.option(
    "--width",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.25,
    show_default=True,
    metavar="X",
    help="Share of the paper's filters; below 1 the card calls it a narrow variant.",
)
@click.option(
    "--canvas",
    "canvas_px",
    type=click.IntRange(40, CHIP_PX),
    default=48,
    show_default=True,
    metavar="N",
    help="Side in px that chips are enlarged to; the paper's is 96.",
)
@click.option(
    "--pooling",
    type=click.Choice(["quadrant", "release"]),
    default="quadrant",
    show_default=True,
    help="After the third convolution: as in the paper's text, or 4x4 as the authors released.",
)
@click.option(
    "--iterations",
    type=click.IntRange(1),
    default=3500,
    show_default=True,
    metavar="N",
    help="As in the paper's table: Joint-OA is fine-tuned for twice as many. The paper's: 30000.",
)
@click.option(
    "--sr-iterations",
    type=click.IntRange(1),
    default=2500,
    show_default=True,
    metavar="N",
    help="Iterations of SR pre-training; the release has 500000.",
)
@schedule_options(rate=0.1, sr_rate=2e-4, sr_patch_px=24)
@seed_option()
@threads_option()
@device_option()
@weights_option()
def paper(
    run_folder: Path,
    mixture: tuple[int, ...],
    width: float,
    canvas_px: int,
    pooling: str,
    iterations: int,
    sr_iterations: int,
    rate: float,
    sr_rate: float,
    sr_patch_px: int,
    seed: int,
    threads: int | None,
    device: str,
    out: Path | None,
) -> None:
    r"""Train `paper`, the method's own model, to compare with.

    \b
    Examples:
      narrowcast train paper
      narrowcast train paper --run runs/wide --width .5 --out wide.safetensors

    The Joint-OA of Cheng et al. 2017, on FER+: super-resolution at the largest factor, then
    fine-tuning on the mixture (max-mix). Measures the figures and writes the weights. The
    defaults, ten times the paper's rate for about a tenth of its iterations, make a narrow
    variant that two cores train in a quarter of an hour.
    """
    if out is not None and out.suffix != ".safetensors":
        raise SettingsError(f"--out {out} does not end in .safetensors")
    import torch
    from rich.console import Console

    from narrowcast_models import model_card
    from narrowcast_models.evaluation.sizes import Figures
    from narrowcast_models.evaluation.table import table
    from narrowcast_models.networks.paper import PaperNetworkConfig, Pooling
    from narrowcast_models.paper import card as card_
    from narrowcast_models.paper.config import PaperConfig
    from narrowcast_models.paper.recipe import make_joint_oa
    from narrowcast_models.recogniser.torch_backend import choose_device

    if threads is not None:
        torch.set_num_threads(threads)
    config = PaperConfig(
        network=PaperNetworkConfig(canvas_px, width, Pooling(pooling)),
        iterations=iterations,
        sr_iterations=sr_iterations,
        max_factor=max(mixture),
        rate=rate,
        sr_rate=sr_rate,
        sr_patch_px=sr_patch_px,
        seed=seed,
    )
    out = out or model_card.WEIGHTS_FOLDER / f"{card_.NAME}.safetensors"
    command = f"narrowcast {shlex.join(sys.argv[1:])}"
    card = make_joint_oa(config, mixture, run_folder, out, command, choose_device(device))
    figures = [Figures(**row) for row in card.figures["eval_clean"]]
    Console().print(table(figures, f"{card.name} on FER+ eval_clean"))
    click.echo(f"wrote {out} and {out.with_suffix('.json').name}")

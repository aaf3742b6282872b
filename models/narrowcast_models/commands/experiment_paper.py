"""`narrowcast experiment paper-table` and `paper-report`: the paper's methods, compared."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_models.commands import lists, output
from narrowcast_models.commands.measuring_options import (
    Decorator,
    device_option,
    in_order,
    out_folder_option,
    seed_option,
    threads_option,
)
from narrowcast_shared.operating_point import CHIP_PX

if TYPE_CHECKING:
    from narrowcast_models.paper.table import PaperFaces

METHODS = ("hr", "lr", "non-joint", "joint", "joint-oa")
FERPLUS = "ferplus"
_LARGEST_FACTOR = CHIP_PX // 4


def schedule_options(rate: float, sr_rate: float, sr_patch_px: int) -> Decorator:
    """`--rate`, `--sr-rate` and `--sr-patch`: how the paper's networks learn."""
    above_0 = click.FloatRange(0, min_open=True)
    together: tuple[Decorator, ...] = (
        click.option(
            "--rate", type=above_0, default=rate, metavar="X",
            help="Learning rate; the paper's is 0.01.",
        ),
        click.option(
            "--sr-rate", type=above_0, default=sr_rate, metavar="X",
            help="Learning rate of SR pre-training; the paper's is 0.0001.",
        ),
        click.option(
            "--sr-patch", "sr_patch_px", type=click.IntRange(17), default=sr_patch_px, metavar="N",
            help="Side in px of the patches of SR pre-training.",
        ),
    )  # fmt: skip
    return in_order(together)


def factors(value: str) -> tuple[int, ...]:
    """A click type: downsampling factors of the 96-px chip, separated by commas."""
    out = []
    for part in value.split(","):
        text = part.strip()
        if not text.isdecimal() or not 2 <= int(text) <= _LARGEST_FACTOR or CHIP_PX % int(text):
            raise click.BadParameter(
                f"{text!r} is no factor of {CHIP_PX} px from 2 to {_LARGEST_FACTOR}"
            )
        out.append(int(text))
    return tuple(dict.fromkeys(out))


@click.command("paper-table")
@out_folder_option(Path("runs/paper"), "the cells")
@click.option(
    "--methods",
    "names",
    type=lists.names(METHODS),
    default=",".join(METHODS),
    show_default=True,
    metavar="LIST",
    help="Methods to train.",
)
@click.option(
    "--factors",
    "table_factors",
    type=factors,
    default="3,4,6,8,12,16",
    show_default=True,
    metavar="LIST",
    help="Downsampling factors of the 96-px chip.",
)
@click.option(
    "--mixture",
    "mixtures",
    type=factors,
    multiple=True,
    default=("3,4,6", "3,4,6,8,12,16"),
    show_default=True,
    metavar="LIST",
    help="Factors that Joint-OA is fine-tuned on; given twice, two models.",
)
@click.option(
    "--width",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    metavar="X",
    help="Share of the paper's filters; below 1 the table is labelled a narrow variant.",
)
@click.option(
    "--canvas",
    "canvas_px",
    type=click.IntRange(40, CHIP_PX),
    default=CHIP_PX,
    show_default=True,
    metavar="N",
    help="Side in px that chips are enlarged to.",
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
    default=30_000,
    show_default=True,
    metavar="N",
    help="Iterations of HR and LR-s; Joint has twice, Non-Joint four times as many.",
)
@click.option(
    "--sr-iterations",
    type=click.IntRange(1),
    metavar="N",
    help="Iterations of SR pre-training; 16.7 times --iterations, as released, unless given.",
)
@schedule_options(rate=0.01, sr_rate=1e-4, sr_patch_px=32)
@seed_option()
@click.option(
    "--data",
    type=click.Choice([FERPLUS]),
    default=FERPLUS,
    show_default=True,
    help="Faces: trained on FER+ without its held-out ones, scored on `eval_clean`.",
)
@threads_option()
@device_option()
def paper_table(
    folder: Path,
    names: tuple[str, ...],
    table_factors: tuple[int, ...],
    mixtures: tuple[tuple[int, ...], ...],
    width: float,
    canvas_px: int,
    pooling: str,
    iterations: int,
    sr_iterations: int | None,
    rate: float,
    sr_rate: float,
    sr_patch_px: int,
    seed: int,
    data: str,
    threads: int | None,
    device: str,
) -> None:
    r"""Train the paper's methods on every factor.

    \b
    Examples:
      narrowcast experiment paper-table
      narrowcast experiment paper-table --out runs/narrow --width .25 --canvas 48

    Each method at each factor is a cell with its own file.
    Stop it at any time: what is finished is kept, what was begun goes on.
    """
    import torch
    from rich.console import Console
    from rich.markdown import Markdown

    from narrowcast_models.networks.paper import PaperNetworkConfig, Pooling
    from narrowcast_models.paper import report
    from narrowcast_models.paper.cells import Method, cells
    from narrowcast_models.paper.config import PaperConfig
    from narrowcast_models.paper.table import Table
    from narrowcast_models.recogniser.torch_backend import choose_device

    if threads is not None:
        torch.set_num_threads(threads)
    config = PaperConfig(
        network=PaperNetworkConfig(canvas_px, width, Pooling(pooling)),
        iterations=iterations,
        sr_iterations=sr_iterations,
        rate=rate,
        sr_rate=sr_rate,
        sr_patch_px=sr_patch_px,
        seed=seed,
    )
    wanted = cells([Method(name) for name in names], table_factors, mixtures)
    made = Table(_load(data), config, folder, choose_device(device)).make(wanted, table_factors)
    Console().print(Markdown(report.markdown(made)))


@click.command("paper-report")
@click.argument("runs", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--markdown",
    "markdown_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Markdown to write; table.md in RUNS unless given.",
)
@click.option(
    "--figure",
    "figure_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="SVG to write; table.svg in RUNS unless given.",
)
def paper_report(runs: Path, markdown_path: Path | None, figure_path: Path | None) -> None:
    r"""Draw the paper's table out of the cells in RUNS.

    \b
    Examples:
      narrowcast experiment paper-report runs/paper
      narrowcast experiment paper-report benchmarks/paper-table --figure table.svg

    And its figure; cells that are not finished are left out.
    """
    from narrowcast_models.paper import report, store

    reports = store.read_all(runs)
    markdown_path = markdown_path or runs / "table.md"
    figure_path = figure_path or runs / "table.svg"
    output.write(markdown_path, report.markdown(reports))
    output.write(figure_path, report.figure(reports))
    click.echo(f"wrote {markdown_path} and {figure_path} from {len(reports)} cells")


def _load(data: str) -> "PaperFaces":
    from narrowcast_models.data import ferplus
    from narrowcast_models.paper.table import PaperFaces

    assert data == FERPLUS
    splits = ferplus.load()
    return PaperFaces(splits.train, splits.eval_clean)

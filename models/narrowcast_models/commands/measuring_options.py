"""Options of commands that train and measure, each in the same words wherever it is."""

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from narrowcast_models.commands.lists import coded_quantisers, quantisers, sizes
from narrowcast_shared import options
from narrowcast_shared.operating_point import CHIP_PX, MAX_QP, MIN_PX

MAX_REEL_S = 600.0

Decorator = Callable[[Callable[..., object]], Callable[..., object]]
"""Of a command's function."""


def in_order(options_: Sequence[Decorator]) -> Decorator:
    """Several options as one decorator; a help page lists them as they stand here."""

    def add(command: Callable[..., object]) -> Callable[..., object]:
        for option in reversed(options_):
            command = option(command)
        return command

    return add


def px_list_option(default: str) -> Decorator:
    """`--px LIST`: sides, as `sizes_px`."""
    return click.option(
        "--px",
        "sizes_px",
        type=sizes,
        default=default,
        metavar="LIST",
        help=f"Sides that the faces are shrunk to, {MIN_PX} to {CHIP_PX} px.",
    )


def qp_list_option(default: str) -> Decorator:
    """`--qp LIST`: quantisers, as `qps`."""
    return click.option(
        "--qp",
        "qps",
        type=coded_quantisers,
        default=default,
        metavar="LIST",
        help=f"x264's quantisers, 0 (finest) to {MAX_QP} (coarsest).",
    )


def qp_or_none_list_option() -> Decorator:
    """`--qp LIST`: quantisers, and None for faces that are not coded, as `qps`."""
    return click.option(
        "--qp",
        "qps",
        type=quantisers,
        default="none",
        metavar="LIST",
        help=f"x264's quantisers, 0 (finest) to {MAX_QP} (coarsest), and `none` for uncoded.",
    )


def seed_option(default: int | None = 1) -> Decorator:
    """`--seed N`."""
    return click.option(
        "--seed",
        type=click.IntRange(0),
        default=default,
        metavar="N",
        help="Seed of everything that is drawn at random.",
    )


def threads_option(default: int | None = None) -> Decorator:
    """`--threads N`; None leaves torch its own choice."""
    return click.option(
        "--threads",
        type=click.IntRange(1),
        default=default,
        metavar="N",
        help="Threads of the network; all cores unless there is a default.",
    )


def device_option() -> Decorator:
    """`--device NAME`: see narrowcast_models.recogniser.torch_backend."""
    return click.option(
        "--device",
        default="auto",
        metavar="NAME",
        help="Where the network runs: cpu, cuda, cuda:1; auto is a GPU where there is one.",
    )


def run_option(default: Path) -> Decorator:
    """`--run FOLDER`, as `run_folder`."""
    return click.option(
        "--run",
        "run_folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=default,
        metavar="FOLDER",
        help="Folder of the run. One that was stopped goes on where it was.",
    )


def bf16_option() -> Decorator:
    """`--bf16/--no-bf16`; None leaves the recipe its own choice."""
    return click.option(
        "--bf16/--no-bf16",
        default=None,
        help="Convolutions in bfloat16: faster on CPUs with AVX512-BF16 or AMX.",
    )


def out_folder_option(default: Path, what: str) -> Decorator:
    """`--out FOLDER`, as `folder`."""
    return click.option(
        "--out",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=default,
        metavar="FOLDER",
        help=f"Where {what} are written; what is finished there is kept.",
    )


def weights_option() -> Decorator:
    """`--out FILE`: weights."""
    return click.option(
        "--out",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Weights to write, .safetensors; the shipped ones unless told otherwise.",
    )


def plot_option(what: str) -> Decorator:
    """`--plot FILE`, as `plot_path`."""
    return click.option(
        "--plot",
        "plot_path",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help=f"Also draw {what} to FILE, SVG.",
    )


def clips_option() -> Decorator:
    """`--clip FILE`, repeated, as `clips`."""
    return click.option(
        "--clip",
        "clips",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="FILE",
        help="Real video, cropped as live and brought to 25 fps; sample for the source sample. May "
        "be repeated.",
    )


def reel_options(count: int | None, seconds: float, faces: str = "ferplus") -> Decorator:
    """`--reels`, `--seconds`, `--faces`, `--film` and `--seed`: moving clips made of labelled
    faces.
    """
    together: tuple[Decorator, ...] = (
        reels_option(count),
        options.seconds_option(seconds, "Length of a reel.", MAX_REEL_S),
        click.option(
            "--faces",
            default=faces,
            metavar="NAME|FILE|FOLDER",
            help="Faces that reels are made of: ferplus (its eval_clean), dev (held out of its "
            "training part), lfw, or your own as for `narrowcast evaluate`.",
        ),
        click.option(
            "--film",
            "film_path",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Chips of real clips, as `narrowcast chips` writes them: the reels' faces move as "
            "those do. Without it they sway.",
        ),
        seed_option(),
    )

    return in_order(together)


def reels_option(default: int | None) -> Decorator:
    """`--reels N`."""
    return click.option(
        "--reels",
        type=click.IntRange(1),
        default=default,
        metavar="N",
        help="How many moving clips to make of labelled faces.",
    )

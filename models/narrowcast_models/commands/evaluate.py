"""`narrowcast evaluate`: how well a model reads faces, by size and quantiser."""

from pathlib import Path

import click

from narrowcast_models.commands import output
from narrowcast_models.commands.lists import quantisers, sizes
from narrowcast_shared.errors import SettingsError


@click.command(epilog="Example: narrowcast evaluate --faces mine.npz --px 48,24 --qp none,30")
@click.option(
    "--faces",
    required=True,
    metavar="FILE.npz|FILE.csv|FOLDER|ferplus|lfw",
    help="Labelled faces: an npz with images uint8 [N,H,H] and valence float [N], of which only "
    "those in its masks `keep` and `eval_clean`; a CSV of path and valence, or the folder that "
    "holds it; or FER+ or LFW's validation faces where NARROWCAST_DATA holds them.",
)
@click.option(
    "--px",
    "sizes_px",
    type=sizes,
    default="96,48,32,24,16,12,8,6",
    show_default=True,
    metavar="LIST",
    help="Sides that the faces are shrunk to.",
)
@click.option(
    "--qp",
    "qps",
    type=quantisers,
    default="none",
    show_default=True,
    metavar="LIST",
    help="x264's quantisers, `none` for uncoded: none,24,30,36,42.",
)
@click.option(
    "--model",
    default="oa",
    show_default=True,
    metavar="oa|paper|FILE",
    help="A shipped model, such as the product's `oa` or the method's `paper`, or a .safetensors "
    "file with its card beside it.",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="What `oa` is multiplied in; a decoder takes bfloat16 where its CPU has it.",
)
@click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.json",
    help="Write every figure and its interval there.",
)
@click.option(
    "--plot",
    "plot_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.svg",
    help="Draw CCC by px there, a line a quantiser, with the intervals as bands.",
)
def evaluate(
    faces: str,
    sizes_px: tuple[int, ...],
    qps: tuple[int | None, ...],
    model: str,
    precision: str,
    json_path: Path | None,
    plot_path: Path | None,
) -> None:
    """Measure CCC, CC, RMSE and the truth of sigma on labelled faces.

    Coded faces are stills at rest, decoded after a keyframe and three P frames. Where the
    labels name emotions, also the area under the ROC curve, happiness against neutral.

    Prints a table, with a 95 % bootstrap interval beside each score, and a plot where there
    are two sizes or more. Writes the files that --json and --plot name, and no other.
    """
    if plot_path is not None and plot_path.suffix != ".svg":
        raise SettingsError(f"--plot {plot_path} does not end in .svg")
    from rich.console import Console

    from narrowcast_models import checkpoint
    from narrowcast_models.data import choice
    from narrowcast_models.evaluation import bootstrap, grid, models, plot
    from narrowcast_models.evaluation import sizes as sizes_
    from narrowcast_models.evaluation.table import table
    from narrowcast_models.precision import Precision

    labelled = choice.load(faces)
    reader, card = models.load(model, Precision(precision))
    figures = sizes_.evaluate(reader, labelled, grid.codings(sizes_px, qps))
    title = f"{card.name} on {len(labelled)} faces of {labelled.name}"
    console = Console()
    console.print(table(figures, title))
    if len(set(sizes_px)) > 1:
        console.print(plot.drawn(figures))
    if json_path is not None:
        report = {
            "model": card.name,
            "sha256": card.sha256,
            "precision": precision,
            "faces": labelled.name,
            "count": len(labelled),
            "intervals": bootstrap.DESCRIPTION,
            "figures": [row._asdict() for row in figures],
        }
        output.write(json_path, checkpoint.to_json(report))
    if plot_path is not None:
        output.write(plot_path, plot.svg(figures, title))

"""`narrowcast evaluate`: how well a model reads faces, by size and quantiser."""

from pathlib import Path

import click

from narrowcast_models.commands import output
from narrowcast_models.commands.measuring_options import (
    plot_option,
    px_list_option,
    qp_or_none_list_option,
)
from narrowcast_shared import options
from narrowcast_shared.errors import SettingsError


@click.command()
@click.option(
    "--faces",
    required=True,
    metavar="NAME|FILE|FOLDER",
    help="Labelled faces: ferplus, lfw or london, where NARROWCAST_DATA holds them; an npz with "
    "images uint8 [N,H,H] and valence float [N], or positive bool [N], or both, of which only "
    "those in its masks `keep` and `eval_clean`; or a CSV of path and valence, or the folder that "
    "holds it.",
)
@click.option(
    "--groups",
    metavar="COLUMN",
    help="Also report each group by itself: by an array of the npz, or a column of the CSV. "
    "Numbers of more than eight values become three groups.",
)
@px_list_option("96,48,32,24,16,12,8,6")
@qp_or_none_list_option()
@options.model_option()
@click.option(
    "--precision",
    type=click.Choice(["torch", "float32", "int8"]),
    default="torch",
    show_default=True,
    help="PyTorch in float32; or ONNX Runtime in float32 or int8, as decoders read.",
)
@options.json_file_option()
@plot_option("CCC by px, a line a quantiser, with intervals as bands,")
def evaluate(
    faces: str,
    groups: str | None,
    sizes_px: tuple[int, ...],
    qps: tuple[int | None, ...],
    model: str,
    precision: str,
    json_path: Path | None,
    plot_path: Path | None,
) -> None:
    r"""Measure how well a model reads labelled faces.

    \b
    Examples:
      narrowcast evaluate --faces ferplus
      narrowcast evaluate --faces mine.npz --px 48,24 --qp none,30 --json mine.json
      narrowcast evaluate --faces mine.npz --groups camera

    CCC, CC, RMSE, and how true sigma is; `--model paper` measures the method's own.
    Coded faces are stills at rest, decoded after a keyframe and three P frames. Where the
    labels name emotions, also the area under the ROC curve, happiness against neutral; where they
    say which faces look positive, those against the others.

    Prints a table, with a 95 % bootstrap interval beside each score, and a plot where there
    are two sizes or more. Writes the files that --json and --plot name, and no other.
    """
    if plot_path is not None and plot_path.suffix != ".svg":
        raise SettingsError(f"--plot {plot_path} does not end in .svg")
    from rich.console import Console

    from narrowcast_models import model_card
    from narrowcast_models.data import choice
    from narrowcast_models.evaluation import bootstrap, grid, models, plot
    from narrowcast_models.evaluation import groups as groups_
    from narrowcast_models.evaluation import sizes as sizes_
    from narrowcast_models.evaluation.table import table

    labelled = choice.load_to_evaluate(faces, groups)
    reader, card = models.load(model, models.precision(precision))
    found = sizes_.predict_all(reader, labelled, grid.codings(sizes_px, qps))
    figures = [sizes_.score(coding, read, labelled) for coding, read in found]
    title = f"{card.name} on {len(labelled)} faces of {labelled.name}"
    console = Console()
    contrast = labelled.contrast()
    auc_of = contrast.name if contrast else ""
    console.print(table(figures, title, auc_of))
    by_group = []
    if groups:
        by_group = [row for coding, read in found for row in groups_.score(coding, read, labelled)]
        console.print(groups_.table(by_group, f"{card.name} by {groups}", auc_of))
    if len(set(sizes_px)) > 1 and labelled.has_valence:
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
        if groups:
            report["groups"] = {"column": groups, "figures": [row.flat() for row in by_group]}
        output.write(json_path, model_card.to_json(report))
    if plot_path is not None:
        output.write(plot_path, plot.svg(figures, title))

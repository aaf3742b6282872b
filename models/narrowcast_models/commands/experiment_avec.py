"""`narrowcast experiment avec`: AVEC 2016's scores, for whoever has its data."""

from pathlib import Path

import click

from narrowcast_models.commands import output
from narrowcast_models.commands.measuring_options import px_list_option, qp_or_none_list_option
from narrowcast_shared import options

AUTO = "auto"


def seconds_or_auto(value: str | float) -> str | float:
    """A click type: a span of time in seconds, or `auto`."""
    return AUTO if value == AUTO else options.short_duration(value)


@click.command()
@click.option(
    "--root",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The challenge's data: recordings_video, ratings_gold_standard, bounding_boxes.",
)
@click.option(
    "--boxes",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where the bounding boxes are, if not in FOLDER/bounding_boxes of --root.",
)
@options.model_option()
@px_list_option("96,32,24,16,12,8,6")
@qp_or_none_list_option()
@click.option(
    "--delay",
    type=seconds_or_auto,
    metavar="TIME|auto",
    help="Compare with ratings given so much later: 2.4s; auto: what serves best on train.",
)
@click.option(
    "--smooth",
    type=seconds_or_auto,
    metavar="TIME|auto",
    help="Median of the predictions over so much time: 4s; auto: what serves best on train.",
)
@click.option("--rescale", is_flag=True, help="Centre and scale to train's gold standard.")
@options.json_file_option()
def avec(
    root: Path,
    boxes: Path | None,
    model: str,
    sizes_px: tuple[int, ...],
    qps: tuple[int | None, ...],
    delay: str | float | None,
    smooth: str | float | None,
    rescale: bool,
    json_path: Path | None,
) -> None:
    r"""Score a model on AVEC 2016 (RECOLA).

    \b
    Examples:
      narrowcast experiment avec --root AVEC2016
      narrowcast experiment avec --root AVEC2016 --px 96,24 --delay auto --json avec.json

    Valence, of each recording and of all of a part concatenated; docs/avec.md has the layout.
    Faces under 100 px, and frames without a time, a rating or a box, are left out. Nothing is
    done to the predictions unless one of --delay, --smooth and --rescale asks for it.
    """
    from rich.console import Console

    from narrowcast_models import checkpoint, model_card
    from narrowcast_models.data.avec import layout
    from narrowcast_models.evaluation import avec as avec_
    from narrowcast_models.evaluation import avec_report, grid
    from narrowcast_models.recogniser.torch_backend import TorchRecogniser

    files = layout.find(root, boxes)
    network, card = checkpoint.load(model)
    wish = avec_.Wish(_wished(delay), _wished(smooth), rescale)
    recogniser = TorchRecogniser(network)
    series = avec_.read(recogniser, files, grid.codings(sizes_px, qps))
    results = [avec_report.result(coding, rows, wish) for coding, rows in series.items()]
    Console().print(avec_report.table(results, f"{card.name} on AVEC 2016, valence"))
    if json_path is not None:
        report = {
            "model": card.name,
            "sha256": card.sha256,
            "wish": wish._asdict(),
            "codings": avec_report.as_json(results),
        }
        output.write(json_path, model_card.to_json(report))


def _wished(value: str | float | None) -> float | None:
    """Seconds; None where the training recordings are to choose."""
    if value is None:
        return 0.0
    return None if isinstance(value, str) else value

"""`narrowcast bench peers`: the same faces read by ours and by recognisers one can install."""

from pathlib import Path

import click

from narrowcast_models.commands.measuring_options import px_list_option
from narrowcast_shared import options


@click.command()
@click.option(
    "--peers",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Where the peers are installed, each in a folder of its own; outside the repository.",
)
@click.option(
    "--faces",
    default="lfw",
    metavar="NAME|FILE|FOLDER",
    help="Faces labelled with valence, as for `narrowcast evaluate`.",
)
@px_list_option("96,48,32,24,16,12,8,6")
@options.model_option()
@options.json_file_option()
def peers(
    folder: Path, faces: str, sizes_px: tuple[int, ...], model: str, json_path: Path | None
) -> None:
    r"""Compare with recognisers that one can install.

    \b
    Examples:
      narrowcast bench peers --peers ~/peers
      narrowcast bench peers --peers ~/peers --px 96,24 --json benchmarks/peers.json

    The same faces, shrunk and not coded, are read by ours in float32 and int8, by fer (PyPI), and
    by human and face-api (npm). A peer that is missing is left out, with the command that installs
    it. CCC and AUC come with their 95 % interval. Peers name emotions; the valence of each word is
    that of our own labels. CPU time is of one face alone on one thread, memory the most that the
    process held, and the size that of the peer's folder; ours has one where `pip install --target
    FOLDER/narrowcast '.[decoder]'` made it.
    """
    import platform

    from rich.console import Console

    from narrowcast_lab import peers_bench
    from narrowcast_models import model_card
    from narrowcast_models.commands import output
    from narrowcast_models.data import choice
    from narrowcast_models.emotions import EMOTIONS, VALENCES
    from narrowcast_models.evaluation import bootstrap

    labelled = choice.load(faces)
    _, card = model_card.find(model)
    results, skipped = peers_bench.measure(labelled, model, folder, sizes_px)
    console = Console()
    for table in peers_bench.tables(results, f"{len(labelled)} faces of {labelled.name}"):
        console.print(table)
    for name, why in skipped.items():
        click.echo(f"{name} was not read: {why}", err=True)
    if json_path is not None:
        report = {
            "model": card.name,
            "sha256": card.sha256,
            "faces": labelled.name,
            "count": len(labelled),
            "intervals": bootstrap.DESCRIPTION,
            "machine": platform.machine(),
            "valences": dict(zip(EMOTIONS, VALENCES, strict=True)),
            "readers": [result.as_json() for result in results],
            "not_read": skipped,
        }
        output.write(json_path, model_card.to_json(report))

"""`narrowcast bench faults`: what a cluster's faults lose, and how long they take."""

from pathlib import Path

import click

from narrowcast_shared import options


@click.command()
@click.option(
    "--replicas",
    type=click.IntRange(2, 8),
    default=2,
    show_default=True,
    metavar="N",
    help="Decoders that share the bus.",
)
@options.model_option()
@options.json_file_option()
def faults(replicas: int, model: str, json_path: Path | None) -> None:
    r"""Count what a cluster's faults lose.

    \b
    Examples:
      narrowcast bench faults
      narrowcast bench faults --replicas 3 --json faults.json

    The cluster is Valkey, several decoders, and HAProxy before them. For each fault: acknowledged
    samples that were lost, samples that were doubled or out of order, and the longest time that
    any session stood still, s. What is done exactly is told in docs/scale.md.
    """
    from rich.console import Console

    from narrowcast_lab.cluster import faults as cluster_faults
    from narrowcast_lab.figures import show_rows
    from narrowcast_shared.errors import LinkError

    console = Console(stderr=True)
    with console.status("") as status:

        def tell(what: str) -> None:
            status.update(what)
            console.print(what)

        outcomes = cluster_faults.run(replicas, model, tell)
    rows = {name: outcome._asdict() for name, outcome in outcomes.items()}
    show_rows(f"Faults of a cluster of {replicas} decoders", rows, json_path)
    spoilt = [name for name, outcome in outcomes.items() if not outcome.is_clean]
    if spoilt:
        raise LinkError(f"samples were lost, doubled or out of order: {', '.join(spoilt)}")

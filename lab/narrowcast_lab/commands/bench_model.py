"""`narrowcast bench model`: what a reading costs."""

from pathlib import Path

import click

from narrowcast_models.commands.lists import batches
from narrowcast_models.commands.measuring_options import px_list_option
from narrowcast_shared import options


@click.command()
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("oa",),
    metavar="NAME",
    help="Shipped model, or a .safetensors file; ratios are to the first. May be repeated.",
)
@px_list_option("96,48,16")
@click.option(
    "--batch",
    "batch_sizes",
    type=batches,
    default="64,1",
    show_default=True,
    metavar="LIST",
    help="Chips read in one call.",
)
@click.option(
    "--precision",
    "precisions",
    multiple=True,
    type=click.Choice(["float32", "bfloat16"]),
    default=("float32",),
    show_default=True,
    help="What the network is multiplied in. May be repeated.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1),
    default=30,
    metavar="N",
    help="How often to measure each; medians are told.",
)
@options.json_file_option()
def model(
    models: tuple[str, ...],
    sizes_px: tuple[int, ...],
    batch_sizes: tuple[int, ...],
    precisions: tuple[str, ...],
    rounds: int,
    json_path: Path | None,
) -> None:
    r"""Time what a reading costs.

    \b
    Examples:
      narrowcast bench model
      narrowcast bench model --model oa --model mine.safetensors --px 48 --batch 64,8,1

    Models in turns on one core: chips in, readings out.
    """
    import platform

    import torch
    from rich.console import Console
    from rich.table import Table

    from narrowcast_lab import model_bench
    from narrowcast_models import checkpoint
    from narrowcast_models.commands import output
    from narrowcast_models.precision import Precision
    from narrowcast_models.recogniser import Recogniser

    loaded = {name: checkpoint.load(name) for name in dict.fromkeys(models)}
    pairs, macs = [], {}
    for name, (network, card) in loaded.items():
        for precision in dict.fromkeys(precisions):
            case = name if len(set(precisions)) == 1 else f"{name} {precision}"
            pairs.append((case, Recogniser(network, Precision(precision))))
            macs[case] = card.figures["macs_per_chip"]
    costs = model_bench.measure(pairs, sizes_px, batch_sizes, rounds)
    first = {(c.px, c.batch): c.ms_per_chip for c in costs if c.model == pairs[0][0]}
    table = Table(title="One core, CPU time of a chip", title_justify="left")
    for column in ("model", "px", "batch", "ms", "least, ms", f"of {pairs[0][0]}", "MMAC"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for cost in costs:
        table.add_row(
            cost.model,
            str(cost.px),
            str(cost.batch),
            f"{cost.ms_per_chip:.3f}",
            f"{cost.ms_per_chip_least:.3f}",
            f"{cost.ms_per_chip / first[cost.px, cost.batch]:.2f}",
            f"{macs[cost.model] / 1e6:.1f}",
        )
    Console().print(table)
    if json_path is not None:
        report = {
            "machine": platform.machine(),
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
            "torch": torch.__version__,
            "precisions": list(dict.fromkeys(precisions)),
            "rounds": rounds,
            "costs": [cost._asdict() for cost in costs],
        }
        output.write(json_path, checkpoint.to_json(report))

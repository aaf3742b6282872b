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
    type=click.Choice(["torch", "float32", "int8"]),
    default=("float32",),
    show_default=True,
    help="ONNX Runtime in float32 or int8, or PyTorch in float32. May be repeated.",
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

    import onnxruntime
    import torch
    from rich.console import Console
    from rich.table import Table

    from narrowcast_lab import model_bench
    from narrowcast_models import model_card
    from narrowcast_models.commands import output
    from narrowcast_models.evaluation import models as models_

    torch.set_num_threads(1)
    pairs, macs = [], {}
    for name in dict.fromkeys(models):
        for precision in dict.fromkeys(precisions):
            case = name if len(set(precisions)) == 1 else f"{name} {precision}"
            reader, card = models_.load(name, models_.precision(precision))
            pairs.append((case, reader))
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
            "onnxruntime": onnxruntime.__version__,
            "precisions": list(dict.fromkeys(precisions)),
            "rounds": rounds,
            "costs": [cost._asdict() for cost in costs],
        }
        output.write(json_path, model_card.to_json(report))

"""From faces to a shipped file: the paper's Joint-OA trained, evaluated, written with its card."""

from pathlib import Path

import torch

from narrowcast_models import checkpoint
from narrowcast_models.data import ferplus
from narrowcast_models.evaluation import grid
from narrowcast_models.evaluation.sizes import evaluate
from narrowcast_models.model_card import Card
from narrowcast_models.paper import card, store
from narrowcast_models.paper.cells import Cell, Method
from narrowcast_models.paper.config import FACTORS, PaperConfig
from narrowcast_models.paper.reader import PaperReader
from narrowcast_models.paper.table import PaperFaces, Table


def make_joint_oa(
    config: PaperConfig,
    mixture: tuple[int, ...],
    run_folder: Path,
    out: Path,
    command: str,
    device: torch.device,
) -> Card:
    """Train Joint-OA on FER+ as a cell of the paper's table, or go on where `run_folder` stopped.

    Returns its card, as written beside `out`. Raises DataError where FER+ is missing, the
    training diverges, or the folder belongs to another run.
    """
    splits = ferplus.load()
    cell = Cell(Method.JOINT_OA, mixture)
    table = Table(PaperFaces(splits.train, splits.eval_clean), config, run_folder, device)
    (report,) = table.make([cell], FACTORS)
    network, _ = store.load_network(run_folder / f"{cell.slug}.json")
    figures = evaluate(PaperReader(network), splits.eval_clean, grid.CARD_GRID)
    training = {"command": command, "threads": torch.get_num_threads()}
    return checkpoint.save(network, card.describe(network, report, training, figures), out)

"""The card of the paper's Joint-OA as a model to evaluate."""

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from narrowcast_models.evaluation.sizes import Figures
from narrowcast_models.model_card import Card, DataSource
from narrowcast_models.networks.paper import Recognition
from narrowcast_models.paper.reader import ARCHITECTURE
from narrowcast_models.paper.store import CellReport
from narrowcast_models.training import card as product

NAME = "paper"

LIMITS = (
    "Trained to be compared with, not to be used: the method of Cheng et al. 2017 on stills of "
    "FER+ in place of the video it was published for. Faces were shrunk bicubically and never "
    "coded in training, as in the paper; the figures of `eval_clean` are of faces shrunk by area, "
    "as the encoder does. It gives no sigma, and its valence has no bound. What the label leaves "
    "out, and whom the faces do not represent, is as in the card of `oa`. Not made for, and not "
    "to be used for, decisions about a person: hiring, schooling, policing, border control, health."
)


def describe(
    network: Recognition, report: CellReport, training: dict[str, Any], figures: Sequence[Figures]
) -> Card:
    """The card of a finished cell, but for what `checkpoint.save` fills in.

    `training` holds what the run adds to the cell's report, with the `command` that made it.
    """
    told = report.model_dump(mode="json", exclude={"figures", "parameters", "git_revision"})
    return Card(
        name=NAME,
        architecture=ARCHITECTURE,
        network=network.config._asdict(),
        parameters=0,
        sha256="",
        git_revision=report.git_revision,
        command=training["command"],
        training=told | {k: v for k, v in training.items() if k != "command"},
        data=_data(),
        figures={
            "macs_per_chip": macs_per_chip(network),
            "eval_clean": [row._asdict() for row in figures],
            "eval_clean_bicubic": [row.model_dump() for row in report.figures],
        },
        limits=f"{_sentence(report.variant)} {LIMITS}",
    )


def macs_per_chip(network: Recognition) -> int:
    """Multiply-accumulates of one chip, the canvas given: half the operations that torch counts."""
    side = network.config.canvas_px
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        network.eval()(torch.zeros(1, 1, side, side))
    return int(counter.get_total_flops()) // 2


def _data() -> list[DataSource]:
    """The product's data; no face was held out to calibrate a sigma on."""
    used_for = "training and figures"
    return [source.model_copy(update={"used_for": used_for}) for source in product.DATA]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."

"""The card of freshly trained weights."""

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from narrowcast_models.coding import CONDITIONS
from narrowcast_models.evaluation.sizes import Figures
from narrowcast_models.model_card import ARCHITECTURE, Card, DataSource
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.training.provenance import git_revision

DATA = [
    DataSource(
        name="FER+ labels (Barsoum et al. 2016)",
        used_for="training, calibration, figures: ten human votes a face",
        terms="MIT (Microsoft)",
    ),
    DataSource(
        name="FER2013 pixels (Goodfellow et al. 2013)",
        used_for="training, calibration, figures: 48x48 gray faces",
        terms="collected from the web by its authors, for research; never redistributed, and not "
        "contained in the weights",
    ),
    DataSource(
        name="LFW pixels (Huang et al. 2007), with one annotator's categories",
        used_for="training: 96x96 gray faces of the training part",
        terms="photos by news agencies, for research; never redistributed, and not contained in "
        "the weights; categories Apache-2.0",
    ),
    DataSource(
        name="readings of two public recognisers: human 3.3.6, face-api 1.7.15",
        used_for="training: soft labels of the faces of FER+ and LFW",
        terms="MIT",
    ),
]

LIMITS = (
    "Reads how positive or negative a face looks to people who see nothing but a still of it. "
    "That is not what the person feels: people smile without joy, are sad with a blank face, and "
    "differ in how they show what they feel, by person, culture and situation. The label is the "
    "expectation of fixed valences of eight emotion words over ten votes a face, so fine shades, "
    "mixed feelings and arousal are not in it. The faces were found on the web, mostly posed or "
    "chosen for their expression, and near frontal; age, origin, glasses, hands at the face and "
    "poor light are not represented evenly, and errors may differ between groups of people. "
    "Figures are of stills at 48 px and below; 96 px means 48 px enlarged. sigma was calibrated "
    "on faces of the same kind, and is too small on others. Not made for, and not to be used "
    "for, decisions about a person: hiring, schooling, policing, border control, health."
)


def describe(
    name: str,
    network: OneForAll,
    training: dict[str, Any],
    figures: Sequence[Figures],
    command: str,
) -> Card:
    """The card, but for what `checkpoint.save` fills in."""
    return Card(
        name=name,
        architecture=ARCHITECTURE,
        network=network.config._asdict(),
        parameters=0,
        sha256="",
        git_revision=git_revision(),
        command=command,
        training=training,
        data=DATA,
        figures={
            "macs_per_chip": macs_per_chip(network),
            "eval_clean": [row._asdict() for row in figures],
        },
        limits=LIMITS,
    )


def macs_per_chip(network: OneForAll) -> int:
    """Multiply-accumulates of one chip, the canvas given: half the operations that torch counts."""
    side = network.config.canvas_px
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        network.eval()(torch.zeros(1, 1, side, side), torch.zeros(1, CONDITIONS))
    return int(counter.get_total_flops()) // 2

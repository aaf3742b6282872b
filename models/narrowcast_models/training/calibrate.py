"""Readings and sigma made true: fitted on moving faces that the weights have not seen.

Moving, because that is what streams show, and because the codec is kinder to a face at rest. Of
sigma the interval is matched, not the mean square: the errors of poor codings are no
Gaussian, and users ask how often the label lies inside.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation.sizes import Z_90
from narrowcast_models.networks.calibration import CODINGS, Correction
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.recogniser import Recogniser
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_models.training import held_out
from narrowcast_models.training.held_out import HeldOut
from narrowcast_shared.errors import DataError

SEED = 3
"""Of the motion."""

COVERED = 0.90
"""Share of the labels that the interval of +-1.645 sigma is to hold."""


class _Wanted(NamedTuple):
    log_gain: float
    offset: float
    log_sigma_shift: float


def calibrate(network: OneForAll, faces: LabelledFaces) -> None:
    """Fit the network's calibration, whatever it was before.

    Raises DataError where no face is given.
    """
    if len(faces) == 0:
        raise DataError(f"{faces.name} has no held-out faces to calibrate on")
    network.calibration.table.zero_()
    recogniser = TorchRecogniser(network)
    clips = held_out.moving(faces, torch.Generator().manual_seed(SEED))
    progress = tqdm(CODINGS, "calibrating", unit="coding", disable=None)
    wanted = [_wanted(recogniser, clips, coding) for coding in progress]
    network.calibration.fit(Correction(*torch.tensor(wanted).unbind(dim=1)))


def _wanted(recogniser: Recogniser, clips: HeldOut, coding: Coding) -> _Wanted:
    """What this coding asks for by itself.

    Of all gains and offsets, those that give readings the mean and the spread of the labels
    give the greatest CCC (Lin 1989: it is CC times how well both agree).
    """
    expected, sigma = held_out.read(recogniser, clips, coding)
    labels = clips.labels
    gain = float(labels.std() / max(expected.std(), 1e-6))
    reading = gain * (expected - expected.mean()) + labels.mean()
    return _Wanted(
        log_gain=math.log(gain),
        offset=float(labels.mean() - gain * expected.mean()),
        log_sigma_shift=_shift(reading - labels, sigma),
    )


def _shift(error: NDArray[np.float64], sigma: NDArray[np.float64]) -> float:
    inside = float(np.quantile(np.abs(error) / sigma, COVERED))
    return math.log(max(inside, 1e-6) / Z_90)

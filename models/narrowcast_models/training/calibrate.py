"""Sigma made true: one offset to log sigma, fitted on faces that the weights have not seen."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation import grid
from narrowcast_models.evaluation.sizes import predict
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared.errors import DataError

CODINGS = grid.codings((48, 32, 24, 16, 12, 8), (None, 30, 36))


def calibrate(
    network: OneForAll, faces: LabelledFaces, codings: tuple[Coding, ...] = CODINGS
) -> float:
    """Shift log sigma so that errors in units of sigma have unit mean square over all codings.

    Returns the offset that was added to the last bias of the log-sigma head. Raises DataError
    where no face is given.
    """
    if len(faces) == 0:
        raise DataError(f"{faces.name} has no held-out faces to calibrate sigma on")
    recogniser = Recogniser(network)
    progress = tqdm(codings, "calibrating", unit="coding", disable=None)
    z = np.concatenate([_standardised(recogniser, faces, coding) for coding in progress])
    offset = _offset(z)
    last = network.log_sigma[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.bias.add_(offset)
    return offset


def _standardised(
    recogniser: Recogniser, faces: LabelledFaces, coding: Coding
) -> NDArray[np.float64]:
    predicted = predict(recogniser, faces, coding)
    return np.asarray((predicted.valence - faces.valence) / predicted.sigma)


def _offset(z: NDArray[np.float64]) -> float:
    """Scaling sigma by exp(offset) divides the mean square of z by exp(2 offset)."""
    return 0.5 * math.log(float(np.mean(z**2)))

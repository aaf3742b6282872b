"""Losses of `oa`: how people voted, what it means in valence, the picture, and the error's size."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from narrowcast_models import canvas
from narrowcast_models.emotions import VALENCES
from narrowcast_models.networks.one_for_all import Outputs
from narrowcast_models.training.batches import Batch


class LossWeights(NamedTuple):
    """Weights of the six terms."""

    votes: float = 1.0
    squared: float = 2.0
    concordance: float = 0.5
    picture: float = 0.1
    sigma: float = 0.1
    clean: float = 0.0


def total(
    outputs: Outputs,
    picture: Tensor | None,
    batch: Batch,
    weights: LossWeights,
    clean: Tensor | None = None,
) -> Tensor:
    """Weighted sum over a batch.

    `picture` [B, 1, 48, 48] is super-resolved; `clean` [B, 8] are the shares that the network
    reads of the same faces before the link. Either may be missing.
    """
    loss = (
        weights.votes * functional.cross_entropy(outputs.logits, batch.shares)
        + weights.squared * functional.mse_loss(outputs.expected, batch.valence)
        + weights.concordance * (1 - concordance(outputs.expected, batch.valence))
        + weights.sigma * sigma_nll(outputs, batch.valence)
    )
    if clean is not None:
        loss = loss + weights.clean * agreement(outputs, clean)
    if picture is not None:
        loss = loss + weights.picture * picture_error(picture, batch)
    return loss


def agreement(outputs: Outputs, clean: Tensor) -> Tensor:
    """How far the reading is from that of the clean chip: what the link alone has changed."""
    expected = (clean * clean.new_tensor(VALENCES)).sum(dim=-1)
    return functional.mse_loss(outputs.expected, expected) * 2 + functional.kl_div(
        outputs.logits.log_softmax(dim=-1), clean, reduction="batchmean"
    )


def picture_error(picture: Tensor, batch: Batch) -> Tensor:
    """Mean absolute error of a super-resolved picture, in units of the chip's contrast."""
    return ((picture - batch.before) / canvas.contrast(batch.canvas)).abs().mean()


def concordance(predicted: Tensor, label: Tensor) -> Tensor:
    """CCC of two batches [B] with population variance (Lin 1989), differentiable."""
    covariance = ((predicted - predicted.mean()) * (label - label.mean())).mean()
    spread = predicted.var(correction=0) + label.var(correction=0)
    return 2 * covariance / (spread + (predicted.mean() - label.mean()) ** 2 + 1e-8)


def sigma_nll(outputs: Outputs, valence: Tensor) -> Tensor:
    """Gaussian negative log-likelihood of the error, the reading itself held still."""
    error = (valence - outputs.valence.detach()) ** 2
    return (0.5 * error * torch.exp(-2 * outputs.log_sigma) + outputs.log_sigma).mean()

"""Losses of `oa`: how people voted, what it means in valence, and how wrong the reading is."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from narrowcast_models.networks.one_for_all import Outputs


class LossWeights(NamedTuple):
    """Weights of the four terms."""

    votes: float = 1.0
    squared: float = 2.0
    concordance: float = 0.5
    sigma: float = 0.1


def total(outputs: Outputs, shares: Tensor, valence: Tensor, weights: LossWeights) -> Tensor:
    """Weighted sum over a batch: shares [B, 8] and valence [B] are the labels."""
    votes = functional.cross_entropy(outputs.logits, shares)
    squared = functional.mse_loss(outputs.valence, valence)
    return (
        weights.votes * votes
        + weights.squared * squared
        + weights.concordance * (1 - concordance(outputs.valence, valence))
        + weights.sigma * sigma_nll(outputs, valence)
    )


def concordance(predicted: Tensor, label: Tensor) -> Tensor:
    """CCC of two batches [B] with population variance (Lin 1989), differentiable."""
    covariance = ((predicted - predicted.mean()) * (label - label.mean())).mean()
    spread = predicted.var(correction=0) + label.var(correction=0)
    return 2 * covariance / (spread + (predicted.mean() - label.mean()) ** 2 + 1e-8)


def sigma_nll(outputs: Outputs, valence: Tensor) -> Tensor:
    """Gaussian negative log-likelihood of the error, the reading itself held still."""
    error = (valence - outputs.valence.detach()) ** 2
    return (0.5 * error * torch.exp(-2 * outputs.log_sigma) + outputs.log_sigma).mean()

"""The loss's terms against hand-computed values, and where their gradients go."""

import math

import numpy as np
import pytest
import torch

from narrowcast_models.emotions import VALENCES
from narrowcast_models.networks.one_for_all import Outputs
from narrowcast_models.training import losses
from narrowcast_models.training.losses import LossWeights
from narrowcast_shared import metrics

ZERO = LossWeights(votes=0, squared=0, concordance=0, sigma=0)


def _outputs(count: int, seed: int = 0) -> Outputs:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(count, 8, generator=generator, requires_grad=True)
    log_sigma = torch.randn(count, generator=generator, requires_grad=True)
    return Outputs(logits, logits.softmax(dim=-1) @ torch.tensor(VALENCES), log_sigma)


def _labels(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    shares = torch.rand(count, 8, generator=torch.Generator().manual_seed(1))
    shares = shares / shares.sum(dim=1, keepdim=True)
    return shares, shares @ torch.tensor(VALENCES)


def test_concordance_is_the_metrics_ccc() -> None:
    rng = np.random.default_rng(0)
    p, y = rng.normal(size=50), rng.normal(0.3, 2, size=50)
    ours = losses.concordance(torch.tensor(p), torch.tensor(y))
    assert float(ours) == pytest.approx(metrics.score(p, y).ccc, abs=1e-6)


def test_concordance_of_constants_has_a_gradient() -> None:
    """A batch read all the same, at the start of training, must not give NaN."""
    same = torch.full((4,), 0.1, requires_grad=True)
    (1 - losses.concordance(same, torch.full((4,), 0.1))).backward()
    assert same.grad is not None
    assert torch.isfinite(same.grad).all()


def test_sigma_nll_by_hand() -> None:
    outputs = Outputs(torch.zeros(1, 8), torch.tensor([0.5]), torch.tensor([math.log(0.2)]))
    nll = losses.sigma_nll(outputs, torch.tensor([0.1]))
    assert float(nll) == pytest.approx(0.5 * (0.4 / 0.2) ** 2 + math.log(0.2))


def test_sigma_nll_is_least_at_the_true_error() -> None:
    error = torch.tensor([0.3])
    nll = {
        sigma: float(
            losses.sigma_nll(
                Outputs(torch.zeros(1, 8), torch.zeros(1), torch.tensor([math.log(sigma)])), error
            )
        )
        for sigma in (0.1, 0.2, 0.3, 0.4, 0.6)
    }
    assert min(nll, key=lambda sigma: nll[sigma]) == 0.3


def test_the_weights_weigh() -> None:
    outputs, (shares, valence) = _outputs(16), _labels(16)
    votes = torch.nn.functional.cross_entropy(outputs.logits, shares)
    terms = {
        "votes": votes,
        "squared": ((outputs.valence - valence) ** 2).mean(),
        "concordance": 1 - losses.concordance(outputs.valence, valence),
        "sigma": losses.sigma_nll(outputs, valence),
    }
    for name, term in terms.items():
        alone = losses.total(outputs, shares, valence, ZERO._replace(**{name: 3.0}))
        assert alone.item() == pytest.approx(3 * term.item(), abs=1e-5), name
    together = losses.total(outputs, shares, valence, LossWeights())
    expected = sum(getattr(LossWeights(), name) * term.item() for name, term in terms.items())
    assert together.item() == pytest.approx(expected, abs=1e-5)


def test_sigma_does_not_move_the_reading() -> None:
    outputs, (shares, valence) = _outputs(16), _labels(16)
    losses.total(outputs, shares, valence, ZERO._replace(sigma=1.0)).backward()
    assert outputs.log_sigma.grad is not None
    assert outputs.log_sigma.grad.abs().sum() > 0
    assert outputs.logits.grad is None or outputs.logits.grad.abs().sum() == 0

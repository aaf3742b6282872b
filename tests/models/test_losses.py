"""The loss's terms against hand-computed values, and where their gradients go."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from narrowcast_models.emotions import VALENCES
from narrowcast_models.networks.one_for_all import Outputs
from narrowcast_models.training import losses
from narrowcast_models.training.batches import Batch
from narrowcast_models.training.losses import LossWeights
from narrowcast_shared import metrics

ZERO = LossWeights(votes=0, squared=0, concordance=0, picture=0, sigma=0, clean=0)


def _outputs(count: int, seed: int = 0) -> Outputs:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(count, 8, generator=generator, requires_grad=True)
    log_sigma = torch.randn(count, generator=generator, requires_grad=True)
    expected = logits.softmax(dim=-1) @ torch.tensor(VALENCES)
    return Outputs(logits, expected, 1.5 * expected, log_sigma)


def _shares(count: int, seed: int) -> torch.Tensor:
    shares = torch.rand(count, 8, generator=torch.Generator().manual_seed(seed))
    return shares / shares.sum(dim=1, keepdim=True)


def _batch(count: int) -> Batch:
    shares, (canvas, before) = _shares(count, 1), torch.rand(2, count, 1, 8, 8)
    return Batch(canvas, torch.zeros(count, 3), before, shares, shares @ torch.tensor(VALENCES))


def _read(valence: float, sigma: float) -> Outputs:
    """One reading, of which nothing else counts."""
    return Outputs(
        torch.zeros(1, 8), torch.zeros(1), torch.tensor([valence]), torch.tensor([math.log(sigma)])
    )


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
    nll = losses.sigma_nll(_read(0.5, 0.2), torch.tensor([0.1]))
    assert float(nll) == pytest.approx(0.5 * (0.4 / 0.2) ** 2 + math.log(0.2))


def test_sigma_nll_is_least_at_the_true_error() -> None:
    error = torch.tensor([0.3])
    nll = {
        sigma: float(losses.sigma_nll(_read(0, sigma), error))
        for sigma in (0.1, 0.2, 0.3, 0.4, 0.6)
    }
    assert min(nll, key=lambda sigma: nll[sigma]) == 0.3


def test_the_weights_weigh() -> None:
    outputs, batch, picture = _outputs(16), _batch(16), torch.rand(16, 1, 8, 8)
    valence = batch.valence
    clean = _shares(16, 5)
    terms = {
        "votes": functional.cross_entropy(outputs.logits, batch.shares),
        "squared": ((outputs.expected - valence) ** 2).mean(),
        "concordance": 1 - losses.concordance(outputs.expected, valence),
        "picture": losses.picture_error(picture, batch),
        "sigma": losses.sigma_nll(outputs, valence),
        "clean": losses.agreement(outputs, clean),
    }
    for name, term in terms.items():
        alone = losses.total(outputs, picture, batch, ZERO._replace(**{name: 3.0}), clean)
        assert alone.item() == pytest.approx(3 * term.item(), abs=1e-5), name
    weights = LossWeights(clean=0.5)
    together = losses.total(outputs, picture, batch, weights, clean)
    expected = sum(getattr(weights, name) * term.item() for name, term in terms.items())
    assert together.item() == pytest.approx(expected, abs=1e-5)


def test_sigma_does_not_move_the_reading() -> None:
    outputs = _outputs(16)
    losses.total(outputs, None, _batch(16), ZERO._replace(sigma=1.0)).backward()
    assert outputs.log_sigma.grad is not None
    assert outputs.log_sigma.grad.abs().sum() > 0
    assert outputs.logits.grad is None or outputs.logits.grad.abs().sum() == 0


def test_readings_that_agree_cost_nothing() -> None:
    """Nor do they move: only what the link has changed is corrected."""
    outputs = _outputs(16)
    same = losses.agreement(outputs, outputs.logits.detach().softmax(dim=-1))
    assert same.item() == pytest.approx(0, abs=1e-6)
    same.backward()
    assert outputs.logits.grad is not None
    assert outputs.logits.grad.abs().max() < 1e-6


def test_agreement_by_hand() -> None:
    """All eight alike against happiness alone: ln 8, and twice the squared error of the valence."""
    outputs = Outputs(torch.zeros(3, 8), torch.zeros(3), torch.zeros(3), torch.zeros(3))
    happy = torch.eye(8)[1].expand(3, -1)
    expected = math.log(8) + 2 * VALENCES[1] ** 2
    assert losses.agreement(outputs, happy).item() == pytest.approx(expected, abs=1e-5)


def test_picture_error_is_in_units_of_contrast() -> None:
    """Half the contrast, half the error allowed: a dim face is not an easier one."""
    batch = _batch(4)
    dim = batch._replace(canvas=batch.canvas / 2, before=batch.before / 2)
    picture = torch.rand(4, 1, 8, 8)
    assert losses.picture_error(batch.before, batch) == 0
    assert losses.picture_error(picture / 2, dim).item() == pytest.approx(
        losses.picture_error(picture, batch).item(), rel=1e-5
    )

"""One phase of training, resumable: SGD for a number of steps, its state saved every so often."""

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from narrowcast_models.networks.paper import Recognition, SuperResolution
from narrowcast_models.paper.batches import FaceBatches, Stream, stream_seed
from narrowcast_models.paper.config import PaperConfig
from narrowcast_shared.errors import DataError

SAVE_EVERY = 200
"""Steps between two saves: some ten seconds of a narrow variant on one core."""

BIAS_RATE = 2.0
"""Biases learn at twice the rate of weights (`lr_mult` in the release)."""

_STATE_KEYS = {"tag", "step", "network", "optimizer"}


class Phase:
    """Trains `network` in place; `tag` says what the phase is, and guards its saved state.

    `loss(step)` is the loss of the batch of that step. Dropout is seeded by step, so a phase
    that was stopped and went on is, on a CPU, to the bit one that was not.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        loss: Callable[[int], Tensor],
        steps: int,
        path: Path,
        tag: str,
        seed: int,
    ) -> None:
        self._network = network
        self._optimizer = optimizer
        self._loss = loss
        self._steps = steps
        self._path = path
        self._tag = tag
        self._seed = seed

    def run(self) -> Iterator[int]:
        """Train from where an earlier process stopped, yielding the number of steps done."""
        step = self._resume()
        yield step
        self._network.train()
        while step < self._steps:
            self._step(step)
            step += 1
            if step % SAVE_EVERY == 0 or step == self._steps:
                self._save(step)
            yield step
        self._network.eval()

    def _step(self, step: int) -> None:
        torch.manual_seed(stream_seed(self._seed, Stream.DROPOUT, step))
        self._optimizer.zero_grad(set_to_none=True)
        loss = self._loss(step)
        if not bool(torch.isfinite(loss)):
            raise DataError(f"training diverged at step {step} ({self._tag})", "lower the rate")
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()

    def _save(self, step: int) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".partial")
        state = {
            "tag": self._tag,
            "step": step,
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }
        torch.save(state, partial)
        partial.replace(self._path)  # an interrupted save never damages the last good one

    def _resume(self) -> int:
        if not self._path.is_file():
            return 0
        state = read_state(self._path)
        if state["tag"] != self._tag:
            raise DataError(
                f"{self._path} belongs to a run with another configuration",
                "name another folder for this run, or remove this one",
            )
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])


def read_state(path: Path) -> dict[str, Any]:
    """A phase's saved state. Raises DataError where it is damaged."""
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError):
        state = None
    if not isinstance(state, dict) or not state.keys() >= _STATE_KEYS:
        raise DataError(f"{path} is damaged or no training state", "remove it to train this anew")
    return state


def euclidean(predicted: Tensor, label: Tensor) -> Tensor:
    """Caffe's Euclidean loss: half the squared error, summed over a sample, mean over the batch."""
    return 0.5 * (predicted - label).square().sum() / len(predicted)


def super_resolution(
    network: SuperResolution, batches: FaceBatches, config: PaperConfig, path: Path, tag: str
) -> Phase:
    """SR pre-training."""
    optimizer = torch.optim.SGD(network.parameters(), config.sr_rate, config.momentum)

    def loss(step: int) -> Tensor:
        batch = batches.patches(step)
        return euclidean(network(batch.enlarged), batch.truth)

    return Phase(network, optimizer, loss, config.sr_steps, path, tag, config.seed)


def recognition(
    network: Recognition,
    optimizer: torch.optim.Optimizer,
    batches: FaceBatches,
    steps: int,
    path: Path,
    tag: str,
) -> Phase:
    """Training of the recogniser, whatever its first layers hold."""

    def loss(step: int) -> Tensor:
        batch = batches.recognition(step)
        return euclidean(network(batch.canvas), batch.valence)

    return Phase(network, optimizer, loss, steps, path, tag, batches.seed)


def recognition_optimizer(
    network: Recognition, config: PaperConfig, share_of_transferred: float
) -> torch.optim.SGD:
    """SGD whose transferred layers learn at a share of the rate; 0 leaves them as they are."""
    for module in network.transferred():
        module.requires_grad_(share_of_transferred > 0)
    groups = _groups(network.head(), config.rate)
    if share_of_transferred > 0:
        groups = _groups(network.transferred(), share_of_transferred * config.rate) + groups
    return torch.optim.SGD(
        groups, config.rate, momentum=config.momentum, weight_decay=config.weight_decay
    )


def _groups(layers: list[nn.Module], rate: float) -> list[dict[str, Any]]:
    weights = [layer.get_parameter("weight") for layer in layers]
    biases = [layer.get_parameter("bias") for layer in layers]
    return [{"params": weights, "lr": rate}, {"params": biases, "lr": BIAS_RATE * rate}]

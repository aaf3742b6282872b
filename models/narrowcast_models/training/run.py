"""The resumable training loop of `oa`: AdamW, one cycle, weight averaging."""

import logging
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from narrowcast_models.coding import Coding, conditions
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.networks.one_for_all import OneForAll, Outputs
from narrowcast_models.training import losses, mixture
from narrowcast_models.training.batches import Batch, Batches, FilmFaces
from narrowcast_models.training.config import TrainConfig
from narrowcast_models.training.prefetch import ahead
from narrowcast_shared.errors import DataError
from narrowcast_shared.operating_point import CHIP_PX

logger = logging.getLogger(__name__)

STATE_FILE = "state.pt"
CLEAN = Coding(CHIP_PX, None)
"""A chip at full size, never coded."""

_STATE_KEYS = {
    "config", "epoch", "network", "average", "optimizer", "schedule", "generator",
    "torch_generator",
}  # fmt: skip


class Run:
    """One training run in one folder; `train` goes on where an earlier process stopped."""

    def __init__(
        self,
        origins: Sequence[LabelledFaces],
        config: TrainConfig,
        folder: Path,
        film: FilmFaces | None = None,
    ) -> None:
        if config.picture_epochs and not config.network.picture_stages:
            raise ValueError("super-resolution cannot come first in a network without it")
        if config.picture_epochs >= config.epochs:
            raise ValueError(f"no epoch is left after {config.picture_epochs} of super-resolution")
        torch.manual_seed(config.seed)
        self._config = config
        self._path = folder / STATE_FILE
        self._generator = torch.Generator().manual_seed(config.seed)
        self._batches = Batches(origins, config, self._generator, film)
        if len(self._batches) == 0:
            count = sum(map(len, origins))
            raise DataError(f"{count} faces do not fill one batch of {config.batch_size}")
        smallest = mixture.smallest_uncoded(config.mixture)
        self._picture_batches = Batches(origins, config, self._generator, mixture_config=smallest)
        network = OneForAll(config.network)
        self._network: OneForAll = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        average = get_ema_multi_avg_fn(config.average_decay)  # type: ignore[no-untyped-call]
        self._average = AveragedModel(self._network, multi_avg_fn=average, use_buffers=True)
        self._epoch = 0
        self._begin_phase()

    def start_from(self, network: OneForAll) -> None:
        """Take over the weights of a network of the same configuration, before training."""
        self._network.load_state_dict(network.state_dict())
        self._average.module.load_state_dict(network.state_dict())

    def train(self) -> OneForAll:
        """Train to the last epoch, saving after each. Returns the averaged network."""
        self._resume()
        while self._epoch < self._config.epochs:
            loss = self._train_epoch()
            self._epoch += 1
            if self._epoch == self._config.picture_epochs:
                self._begin_phase()
            self._save()
            logger.info("epoch %d of %d: loss %.4f", self._epoch, self._config.epochs, loss)
        network = self._average.module
        assert isinstance(network, OneForAll)
        return network.eval()

    @property
    def _picture_alone(self) -> bool:
        return self._epoch < self._config.picture_epochs

    def _begin_phase(self) -> None:
        """Optimizer and schedule, both from their start: super-resolution's, or the rest's."""
        config = self._config
        self._optimizer = torch.optim.AdamW(
            self._network.parameters(), weight_decay=config.weight_decay
        )
        first = config.picture_epochs
        epochs = first if self._picture_alone else config.epochs - first
        steps = epochs * len(self._batches)
        self._schedule = OneCycleLR(self._optimizer, config.max_rate, steps, pct_start=0.2)

    def _train_epoch(self) -> float:
        self._network.train()
        label = f"epoch {self._epoch + 1}/{self._config.epochs}"
        source = self._picture_batches if self._picture_alone else self._batches
        batches = ahead(source.epoch())
        progress = tqdm(batches, label, len(source), unit="batch")
        losses_seen = [self._step(batch) for batch in progress]
        return float(torch.stack(losses_seen).mean())

    def _step(self, batch: Batch) -> torch.Tensor:
        self._optimizer.zero_grad(set_to_none=True)
        loss = self._loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), self._config.max_gradient)
        self._optimizer.step()
        self._schedule.step()
        self._average.update_parameters(self._network)
        return loss.detach()

    def _loss(self, batch: Batch) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self._config.bf16):
            clean = self._read_clean(batch) if self._config.loss.clean else None
            outputs, picture = self._network.joint(batch.canvas, batch.conditions)
        if self._picture_alone:
            assert picture is not None
            return losses.picture_error(picture.float(), batch)
        outputs = Outputs(*(column.float() for column in outputs))
        return losses.total(
            outputs,
            None if picture is None else picture.float(),
            batch,
            self._config.loss,
            clean,
        )

    @torch.no_grad()
    def _read_clean(self, batch: Batch) -> torch.Tensor:
        """Shares [B, 8] that the averaged network reads of the chips before the link."""
        network = self._average.module
        network.eval()
        told = torch.from_numpy(conditions([CLEAN])).expand(len(batch.before), -1)
        shares: torch.Tensor = network(batch.before, told).logits.float().softmax(dim=-1)
        return shares

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".partial")
        torch.save(
            {
                "config": self._config.tag,
                "epoch": self._epoch,
                "network": self._network.state_dict(),
                "average": self._average.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "schedule": self._schedule.state_dict(),
                "generator": self._generator.get_state(),
                "torch_generator": torch.get_rng_state(),
            },
            partial,
        )
        partial.replace(self._path)  # an interrupted save never damages the last good one

    def _resume(self) -> None:
        if not self._path.is_file():
            return
        state = _read_state(self._path)
        if state["config"] != self._config.tag:
            raise DataError(
                f"{self._path} belongs to a run with another configuration",
                "name another folder with --run, or remove this one",
            )
        self._epoch = state["epoch"]
        self._begin_phase()
        self._network.load_state_dict(state["network"])
        self._average.load_state_dict(state["average"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self._generator.set_state(state["generator"])
        torch.set_rng_state(state["torch_generator"])
        logger.info("resumed after epoch %d of %d", self._epoch, self._config.epochs)


def _read_state(path: Path) -> dict[str, Any]:
    try:
        state = torch.load(path, weights_only=True)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError) as error:
        raise _no_state(path) from error
    if not isinstance(state, dict) or not state.keys() >= _STATE_KEYS:
        raise _no_state(path)
    return state


def _no_state(path: Path) -> DataError:
    return DataError(f"{path} is damaged or no training state", "remove it to start from the first")

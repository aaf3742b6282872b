"""Short runs of `oa` that differ in one thing each, scored alike on held-out faces.

Choices are made here, so the faces are `dev`'s, never those that are reported on. A quarter of
them calibrates each network, so that none loses CCC by a reading's mere spread; the others
score it.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from tqdm import tqdm

from narrowcast_models import model_card
from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation import cell_file
from narrowcast_models.evaluation.sizes import Figures, evaluate
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_models.training.calibrate import calibrate
from narrowcast_models.training.config import TrainConfig
from narrowcast_models.training.provenance import git_revision
from narrowcast_models.training.run import Run
from narrowcast_models.training.stills import TargetConfig
from narrowcast_models.training.variants import GRID, VARIANTS, Variant

logger = logging.getLogger(__name__)


class AblationFaces(NamedTuple):
    """train: what the weights see, given what its targets are. dev: a quarter calibrates, the
    others score.
    """

    train: Callable[[TargetConfig], Sequence[LabelledFaces]]
    dev: LabelledFaces

    @property
    def calibration(self) -> LabelledFaces:
        return self.dev.select(np.arange(len(self.dev)) % 4 == 0)

    @property
    def test(self) -> LabelledFaces:
        return self.dev.select(np.arange(len(self.dev)) % 4 != 0)


class CodingFigures(BaseModel):
    """Scores at one coding, and the 95 % interval of CCC over faces."""

    model_config = ConfigDict(extra="forbid")

    px: int
    qp: int | None
    ccc: float
    cc: float
    rmse: float
    ccc_low: float
    ccc_high: float


class AblationCell(BaseModel):
    """One variant: what was trained, by which code, and what it scores.

    `teacher_sha256` is that of the weights it learned from; `seconds` are those of the process
    that finished it.
    """

    model_config = ConfigDict(extra="forbid")

    variant: str
    what: str
    config: dict[str, Any]
    teacher_sha256: str | None
    git_revision: str
    torch: str
    threads: int
    faces: str
    train_faces: int
    calibration_faces: int
    test_faces: int
    parameters: int
    seconds: float
    figures: list[CodingFigures]


class Ablation:
    """Makes cells in one folder, out of runs in another; what is finished there is kept."""

    def __init__(
        self,
        faces: AblationFaces,
        base: TrainConfig,
        run_folder: Path,
        folder: Path,
        codings: Sequence[Coding] = GRID,
    ) -> None:
        self._faces = faces
        self._base = base
        self._run_folder = run_folder
        self._folder = folder
        self._codings = codings

    def make(self, names: Iterable[str]) -> list[AblationCell]:
        """Make the variants of these names; all cells that the folder then holds, in their order.

        Raises DataError where one of them is of another configuration, WeightsError where a
        teacher is missing: both before anything is trained.
        """
        done = self._finished()
        missing = [name for name in names if name not in done]
        teachers = {name: self._teacher_sha256(name) for name in missing}
        for name in tqdm(missing, "variants", unit="variant", disable=None):
            logger.info("%s: %s", name, VARIANTS[name].what)
            done[name] = self._make(name, teachers[name])
            cell_file.write(done[name], self._path(name))
        return [done[name] for name in VARIANTS if name in done]

    def _finished(self) -> dict[str, AblationCell]:
        out = {}
        for name in VARIANTS:
            path = self._path(name)
            if path.is_file():
                out[name] = cell_file.read(path, AblationCell)
                if not self._is_ours(name, out[name]):
                    raise cell_file.of_another_configuration(path)
        return out

    def _is_ours(self, name: str, cell: AblationCell) -> bool:
        scored = tuple(Coding(row.px, row.qp) for row in cell.figures)
        wanted = VARIANTS[name].scored_at(self._codings)
        return cell.config == _plain(self._config(name)) and scored == wanted

    def _teacher_sha256(self, name: str) -> str | None:
        teacher = self._config(name).targets.own
        return None if teacher is None else model_card.find(teacher)[1].sha256

    def _make(self, name: str, teacher_sha256: str | None) -> AblationCell:
        started = time.monotonic()
        variant, config = VARIANTS[name], self._config(name)
        origins = self._faces.train(config.targets)
        network = Run(origins, config, self._run_folder / name).train()
        if config.mixture.coded == 0:
            forget_codec(network)
        figures = self._score(network, variant)
        return AblationCell(
            variant=name,
            what=variant.what,
            config=_plain(config),
            teacher_sha256=teacher_sha256,
            git_revision=git_revision(),
            torch=torch.__version__,
            threads=torch.get_num_threads(),
            faces=self._faces.dev.name,
            train_faces=sum(map(len, origins)),
            calibration_faces=len(self._faces.calibration),
            test_faces=len(self._faces.test),
            parameters=sum(p.numel() for p in network.parameters()),
            seconds=round(time.monotonic() - started, 1),
            figures=[_short(row) for row in figures],
        )

    def _score(self, network: OneForAll, variant: Variant) -> list[Figures]:
        calibrate(network, self._faces.calibration)
        codings = variant.scored_at(self._codings)
        return evaluate(TorchRecogniser(network), self._faces.test, codings)

    def _config(self, name: str) -> TrainConfig:
        return VARIANTS[name].change(self._base)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def forget_codec(network: OneForAll) -> None:
    """Let the features ignore quantiser and coded-or-not (calibration still knows them).

    Where no chip was coded in training their weights have never been used, and are still drawn
    at random: without this, they would do what nobody meant as soon as a chip is.
    """
    told = network.condition[0]
    assert isinstance(told, torch.nn.Linear)
    with torch.no_grad():
        told.weight[:, 1:] = 0  # coding.conditions: size, quantiser, coded or not


def _short(row: Figures) -> CodingFigures:
    return CodingFigures(**{name: getattr(row, name) for name in CodingFigures.model_fields})


def _plain(config: TrainConfig) -> dict[str, Any]:
    """As it comes back from a file: tuples are lists there."""
    plain: dict[str, Any] = json.loads(model_card.to_json(config.as_json()))
    return plain

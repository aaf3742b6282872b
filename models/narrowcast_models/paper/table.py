"""The table, cell by cell: SR pre-training where a method has it, recognition, scores."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from narrowcast_models import canvas
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.evaluation import cell_file
from narrowcast_models.networks.paper import Recognition, SuperResolution, transfer
from narrowcast_models.paper import phase, store
from narrowcast_models.paper.batches import FaceBatches, degrade
from narrowcast_models.paper.cells import Cell, Method
from narrowcast_models.paper.config import PaperConfig
from narrowcast_models.paper.phase import Phase
from narrowcast_models.paper.store import CellFigures, CellReport
from narrowcast_models.training.provenance import git_revision
from narrowcast_shared import metrics

BATCH = 256
DIGITS = 4


class PaperFaces(NamedTuple):
    """train: what the weights see. test: what the cells are scored on, and nothing else."""

    train: LabelledFaces
    test: LabelledFaces


class Table:
    """Makes the cells of one configuration in one folder; what is finished there is kept."""

    def __init__(
        self,
        faces: PaperFaces,
        config: PaperConfig,
        folder: Path,
        device: torch.device,
        console: Console | None = None,
    ) -> None:
        self._faces = faces
        self._config = config
        self._folder = folder
        self._device = device
        self._console = console or Console(stderr=True)

    def make(self, cells: Iterable[Cell], factors: Iterable[int]) -> list[CellReport]:
        """Reports of the cells, in order, scored at `factors` as each method is.

        Raises DataError where the folder holds cells of another configuration.
        """
        cells, factors = list(cells), tuple(factors)
        with _bars(self._console) as bars:
            task = bars.add_task("cells", total=len(cells))
            reports = []
            for cell in cells:
                reports.append(self._finished(cell, factors) or self._make(cell, factors, bars))
                bars.advance(task)
        return reports

    def _finished(self, cell: Cell, factors: tuple[int, ...]) -> CellReport | None:
        path = self._folder / f"{cell.slug}.json"
        if not path.is_file():
            return None
        report = store.read(path)
        scored = {row.factor for row in report.figures}
        if report.config != self._config.as_json() or not scored >= set(cell.scored_at(factors)):
            raise cell_file.of_another_configuration(path)
        return report

    def _make(self, cell: Cell, factors: tuple[int, ...], bars: Progress) -> CellReport:
        started = time.monotonic()
        network = self._trained(cell, bars)
        figures = [self._score(network, factor) for factor in cell.scored_at(factors)]
        report = CellReport(
            method=cell.method,
            factors=cell.factors,
            variant=self._config.variant,
            steps=cell.steps(self._config),
            sr_factor=cell.sr_factor(self._config),
            config=self._config.as_json(),
            git_revision=git_revision(),
            torch=torch.__version__,
            device=str(self._device),
            faces=self._faces.test.name,
            train_faces=len(self._faces.train),
            test_faces=len(self._faces.test),
            parameters=sum(p.numel() for p in network.parameters()),
            seconds=round(time.monotonic() - started, 1),
            figures=figures,
        )
        store.write(report, network, self._folder)
        self._state(cell.slug).unlink(missing_ok=True)
        return report

    def _trained(self, cell: Cell, bars: Progress) -> Recognition:
        torch.manual_seed(self._config.seed)
        network = Recognition(self._config.network).to(self._device)
        share = 1.0
        sr_factor = cell.sr_factor(self._config)
        if sr_factor is not None:
            transfer(self._pretrained(sr_factor, bars), network)
            # Non-Joint never tunes what SR learned (release: lr_mult 0).
            joint = cell.method is not Method.NON_JOINT
            share = self._config.transferred_rate if joint else 0.0
        optimizer = phase.recognition_optimizer(network, self._config, share)
        batches = FaceBatches(self._faces.train, cell.factors, self._config, self._device)
        steps, tag = cell.steps(self._config), self._tag(cell.slug)
        path = self._state(cell.slug)
        work = phase.recognition(network, optimizer, batches, steps, path, tag)
        _follow(work, steps, cell.slug, bars)
        return network

    def _pretrained(self, factor: int, bars: Progress) -> SuperResolution:
        """SR-FCN of one factor, which every method that starts from it shares."""
        torch.manual_seed(self._config.seed)
        network = SuperResolution(self._config.network).to(self._device)
        batches = FaceBatches(self._faces.train, (factor,), self._config, self._device)
        slug = f"sr-{factor}"
        work = phase.super_resolution(
            network, batches, self._config, self._state(slug), self._tag(slug)
        )
        _follow(work, self._config.sr_steps, slug, bars)
        return network

    def _score(self, network: Recognition, factor: int) -> CellFigures:
        predicted = predict(network, self._faces.test, factor, self._device)
        scores = metrics.score(predicted.numpy(), self._faces.test.valence)
        plain = {name: round(value, DIGITS) for name, value in scores._asdict().items()}
        return CellFigures(factor=factor, **plain)

    def _state(self, slug: str) -> Path:
        return self._folder / "state" / f"{slug}.pt"

    def _tag(self, slug: str) -> str:
        return f"{slug} {self._config!r} {self._faces.train.name} {len(self._faces.train)}"


def predict(
    network: Recognition, faces: LabelledFaces, factor: int, device: torch.device
) -> torch.Tensor:
    """Readings of every face shrunk by `factor`: float32 [N], on the CPU."""
    network.eval()
    out = []
    with torch.inference_mode():
        for start in range(0, len(faces), BATCH):
            images = torch.from_numpy(faces.images[start : start + BATCH]).to(device).float()
            seen = degrade(images, factor, network.config.canvas_px)
            out.append(network(canvas.normalise(seen)).cpu())
    return torch.cat(out)


def _follow(work: Phase, steps: int, label: str, bars: Progress) -> None:
    task = bars.add_task(label, total=steps)
    for done in work.run():
        bars.update(task, completed=done)
    bars.remove_task(task)


@contextmanager
def _bars(console: Console) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as bars:
        yield bars

"""The table end to end on random faces: stopped, resumed, finished, reported, refused."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from narrowcast_models.networks.paper import Recognition
from narrowcast_models.paper import phase, store
from narrowcast_models.paper.batches import FaceBatches, RecognitionBatch
from narrowcast_models.paper.cells import Method, cells
from narrowcast_models.paper.config import PaperConfig
from narrowcast_models.paper.store import CellReport
from narrowcast_models.paper.table import PaperFaces, Table, predict
from narrowcast_shared import metrics
from narrowcast_shared.errors import DataError, WeightsError

CPU = torch.device("cpu")
FACTORS = (3, 12)
CELLS = cells(Method, FACTORS, [(3, 4)])


@pytest.fixture(autouse=True)
def _save_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phase, "SAVE_EVERY", 2)


def _make(faces: PaperFaces, config: PaperConfig, folder: Path) -> list[CellReport]:
    table = Table(faces, config, folder, CPU, Console(file=io.StringIO()))
    return table.make(CELLS, FACTORS)


def _stop_after(batches: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C when recognition asks for this many batches."""
    real, left = FaceBatches.recognition, [batches]

    def counted(self: FaceBatches, step: int) -> RecognitionBatch:
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1
        return real(self, step)

    monkeypatch.setattr(FaceBatches, "recognition", counted)


def _weights(folder: Path) -> dict[str, dict[str, torch.Tensor]]:
    return {
        path.stem: store.load_network(path)[0].state_dict()
        for path in sorted(folder.glob("*.json"))
    }


def test_stopped_and_resumed_is_never_stopped(
    faces: PaperFaces, small: PaperConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. through  2. stop within the third cell  3. go on: what was finished stays, all equal."""
    through = _make(faces, small, tmp_path / "through")
    with monkeypatch.context() as patch:
        _stop_after(8, patch)  # hr: 3 steps, lr-3: 3, lr-12: 2 of 3
        with pytest.raises(KeyboardInterrupt):
            _make(faces, small, tmp_path / "stopped")
    finished = sorted(path.name for path in (tmp_path / "stopped").glob("*.json"))
    assert finished == ["hr.json", "lr-3.json"]
    before = (tmp_path / "stopped" / "hr.json").stat().st_mtime_ns
    resumed = _make(faces, small, tmp_path / "stopped")
    assert (tmp_path / "stopped" / "hr.json").stat().st_mtime_ns == before
    assert [report.figures for report in resumed] == [report.figures for report in through]
    ours, theirs = _weights(tmp_path / "through"), _weights(tmp_path / "stopped")
    assert ours.keys() == theirs.keys() == {cell.slug for cell in CELLS}
    for slug, tensors in ours.items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, theirs[slug][name]), (slug, name)


def test_a_cell_tells_all(faces: PaperFaces, small: PaperConfig, tmp_path: Path) -> None:
    reports = _make(faces, small, tmp_path)
    assert [report.cell for report in reports] == CELLS
    cell = json.loads((tmp_path / "joint-oa-3-4.json").read_text())
    assert (cell["method"], cell["factors"]) == ("joint-oa", [3, 4])
    assert (cell["steps"], cell["sr_factor"]) == (6, 12)
    assert cell["config"]["seed"] == 3
    assert cell["config"]["network"] == {"canvas_px": 40, "width": 1 / 32, "pooling": "quadrant"}
    assert cell["git_revision"]
    assert (cell["faces"], cell["train_faces"], cell["test_faces"]) == ("random", 40, 24)
    assert [row["factor"] for row in cell["figures"]] == [3, 12]
    assert cell["figures"][0].keys() == {"factor", "rmse", "cc", "ccc"}
    assert cell["variant"].startswith("narrow variant")


def test_figures_are_those_of_the_weights(
    faces: PaperFaces, small: PaperConfig, tmp_path: Path
) -> None:
    _make(faces, small, tmp_path)
    network, report = store.load_network(tmp_path / "joint-12.json")
    scores = metrics.score(predict(network, faces.test, 12, CPU).numpy(), faces.test.valence)
    assert report.figures[0].ccc == round(scores.ccc, 4)
    assert report.figures[0].rmse == round(scores.rmse, 4)


def test_non_joint_keeps_what_super_resolution_learned(
    faces: PaperFaces, small: PaperConfig, tmp_path: Path
) -> None:
    _make(faces, small, tmp_path)
    learned = phase.read_state(tmp_path / "state" / "sr-3.pt")["network"]
    kept, _ = store.load_network(tmp_path / "non-joint-3.json")
    tuned, _ = store.load_network(tmp_path / "joint-3.json")
    for name in ("conv1.weight", "conv2.weight", "conv3.weight"):
        assert torch.equal(kept.state_dict()[name], learned[name]), name
        assert not torch.equal(tuned.state_dict()[name], learned[name]), name
        assert torch.allclose(tuned.state_dict()[name], learned[name], atol=0.1), name


def test_another_configuration_is_refused(
    faces: PaperFaces, small: PaperConfig, tmp_path: Path
) -> None:
    _make(faces, small, tmp_path)
    with pytest.raises(DataError, match="another configuration"):
        _make(faces, replace(small, seed=4), tmp_path)
    with pytest.raises(DataError, match="another configuration"):
        Table(faces, small, tmp_path, CPU, Console(file=io.StringIO())).make(CELLS, (3, 6))


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"method": "hr"}'])
def test_a_damaged_cell(
    faces: PaperFaces, small: PaperConfig, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "hr.json").write_bytes(content)
    with pytest.raises(DataError, match="no cell"):
        _make(faces, small, tmp_path)


def test_a_cell_without_its_weights(faces: PaperFaces, small: PaperConfig, tmp_path: Path) -> None:
    _make(faces, small, tmp_path)
    (tmp_path / "hr.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"hr\.safetensors is missing"):
        store.load_network(tmp_path / "hr.json")


def test_it_learns(faces: PaperFaces, small: PaperConfig, tmp_path: Path) -> None:
    """The random faces' gradient goes with their valence: a few dozen steps see it."""
    wider = small.network._replace(width=1 / 8)  # two filters may die of a bad start
    config = replace(small, network=wider, iterations=80, rate=0.02)
    table = Table(faces, config, tmp_path, CPU, Console(file=io.StringIO()))
    (report,) = table.make(cells([Method.LR], [6], []), [6])
    assert report.figures[0].ccc > 0.5


def test_readings_are_in_the_faces_order(small: PaperConfig, faces: PaperFaces) -> None:
    torch.manual_seed(1)
    network = Recognition(small.network)
    every = predict(network, faces.test, 3, CPU).numpy()
    some = predict(network, faces.test.select(np.array([5, 2])), 3, CPU).numpy()
    assert every[[5, 2]] == pytest.approx(some, abs=1e-5)

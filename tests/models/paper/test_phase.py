"""Phases of training: rates, frozen layers, stopping and going on."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from narrowcast_models.networks.paper import Recognition, SuperResolution
from narrowcast_models.paper import phase
from narrowcast_models.paper.batches import FaceBatches
from narrowcast_models.paper.config import PaperConfig
from narrowcast_models.paper.phase import Phase
from narrowcast_models.paper.table import PaperFaces
from narrowcast_shared.errors import DataError

CPU = torch.device("cpu")


def _rates(optimizer: torch.optim.Optimizer) -> dict[int, float]:
    """Rate by the identity of a parameter."""
    return {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}


def test_transferred_layers_learn_at_a_tenth() -> None:
    config = PaperConfig()
    network = Recognition(config.network)
    rates = _rates(phase.recognition_optimizer(network, config, config.transferred_rate))
    assert rates.keys() == {id(p) for p in network.parameters()}
    for name, scale in (("weight", 1), ("bias", 2)):
        for layer in network.transferred():
            assert rates[id(layer.get_parameter(name))] == pytest.approx(scale * 0.001)
        for layer in network.head():
            assert rates[id(layer.get_parameter(name))] == pytest.approx(scale * 0.01)


def test_untransferred_networks_learn_at_one_rate() -> None:
    config = PaperConfig()
    network = Recognition(config.network)
    optimizer = phase.recognition_optimizer(network, config, 1.0)
    assert {group["lr"] for group in optimizer.param_groups} == {0.01, 0.02}
    assert {group["momentum"] for group in optimizer.param_groups} == {0.9}
    assert {group["weight_decay"] for group in optimizer.param_groups} == {5e-4}


def _recognition(
    faces: PaperFaces, config: PaperConfig, path: Path, share: float = 1.0, steps: int = 6
) -> tuple[Recognition, Phase]:
    torch.manual_seed(config.seed)
    network = Recognition(config.network)
    optimizer = phase.recognition_optimizer(network, config, share)
    batches = FaceBatches(faces.train, (3, 6), config, CPU)
    return network, phase.recognition(network, optimizer, batches, steps, path, "a cell")


def test_frozen_layers_stay(faces: PaperFaces, small: PaperConfig, tmp_path: Path) -> None:
    network, work = _recognition(faces, small, tmp_path / "state.pt", share=0.0)
    before = {name: p.clone() for name, p in network.named_parameters()}
    list(work.run())
    for name, parameter in network.named_parameters():
        assert torch.equal(parameter, before[name]) == name.startswith("conv"), name


def test_stopped_and_resumed_is_never_stopped(
    faces: PaperFaces, small: PaperConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. train through  2. train, stop behind a save  3. another process goes on: the same."""
    monkeypatch.setattr(phase, "SAVE_EVERY", 2)
    through, work = _recognition(faces, small, tmp_path / "through.pt")
    assert list(work.run()) == [0, 1, 2, 3, 4, 5, 6]
    _, work = _recognition(faces, small, tmp_path / "stopped.pt")
    for done in work.run():
        if done == 3:
            break
    torch.manual_seed(99)
    resumed, work = _recognition(faces, small, tmp_path / "stopped.pt")
    assert list(work.run()) == [2, 3, 4, 5, 6], "from the last save"
    for name, tensor in through.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def test_another_run_in_the_same_place(
    faces: PaperFaces, small: PaperConfig, tmp_path: Path
) -> None:
    path = tmp_path / "state.pt"
    _, work = _recognition(faces, small, path)
    list(work.run())
    batches = FaceBatches(faces.train, (3,), small, CPU)
    other = phase.super_resolution(SuperResolution(small.network), batches, small, path, "another")
    with pytest.raises(DataError, match="another configuration"):
        list(other.run())


@pytest.mark.parametrize("content", [b"", b"no" * 99])
def test_a_damaged_state(
    faces: PaperFaces, small: PaperConfig, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "state.pt"
    path.write_bytes(content)
    _, work = _recognition(faces, small, path)
    with pytest.raises(DataError, match="damaged"):
        list(work.run())


def test_divergence_is_told(faces: PaperFaces, small: PaperConfig, tmp_path: Path) -> None:
    _, work = _recognition(faces, replace(small, rate=1e9), tmp_path / "state.pt", steps=50)
    with pytest.raises(DataError, match="diverged"):
        list(work.run())


def test_super_resolution_learns(faces: PaperFaces, small: PaperConfig, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = replace(small, sr_iterations=150, sr_rate=1e-3)
    network = SuperResolution(config.network)
    batches = FaceBatches(faces.train, (3,), config, CPU)

    def loss() -> float:
        seen = [batches.patches(step) for step in range(1000, 1010)]
        with torch.inference_mode():
            each = [phase.euclidean(network(batch.enlarged), batch.truth) for batch in seen]
            return float(torch.stack(each).mean())

    before = loss()
    list(phase.super_resolution(network, batches, config, tmp_path / "sr.pt", "sr").run())
    assert loss() < 0.85 * before


def test_the_loss_is_caffes() -> None:
    """Half the sum over a sample, mean over the batch."""
    predicted, label = torch.zeros(2, 1, 2, 2), torch.ones(2, 1, 2, 2)
    assert float(phase.euclidean(predicted, label)) == 2.0

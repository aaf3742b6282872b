"""What a service reads with says what the network says, in either type, whoever is in the batch."""

import numpy as np
import pytest
import torch

from narrowcast_models.coding import Coding, conditions
from narrowcast_models.networks import convolution
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.networks.reading import ReadingNetwork
from narrowcast_models.precision import Precision
from narrowcast_models.recogniser import CodedChip, Recogniser

CPU = torch.device("cpu")
POOLED = OneForAllConfig(widths=(4, 6), blocks=(1, 1), condition_width=4, features=0)
WIDE = POOLED._replace(unshuffle=4, features=8)
CODINGS = [Coding(48, None), Coding(12, 30), Coding(6, 40), Coding(12, 30), Coding(95, 51)]


@pytest.fixture(params=[True, False], ids=["onednn", "anywhere"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the CPU's library where this installation has it, and without."""
    if not request.param:
        monkeypatch.setattr(convolution, "has_onednn", lambda: False)


def _network(config: OneForAllConfig) -> OneForAll:
    torch.manual_seed(3)
    network = OneForAll(config).eval()
    network.calibration.table.uniform_(-0.2, 0.2)
    return network


def _said(network: OneForAll, canvas: torch.Tensor) -> torch.Tensor:
    outputs = network(canvas, conditions(CODINGS))
    return torch.stack([outputs.valence, outputs.log_sigma.exp()], dim=1)


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("config", [POOLED, WIDE])
def test_the_same_readings(config: OneForAllConfig) -> None:
    network, canvas = _network(config), torch.rand(len(CODINGS), 1, 48, 48)
    with torch.inference_mode():
        exact = _said(network, canvas)
        same = ReadingNetwork(network, torch.float32, CPU).read(canvas, CODINGS)
        near = ReadingNetwork(network, torch.bfloat16, CPU).read(canvas, CODINGS)
    assert torch.allclose(same, exact, atol=1e-5)
    assert torch.allclose(near, exact, atol=0.05)
    assert same.dtype is near.dtype is torch.float32
    assert not torch.equal(near, same), "nothing was rounded"


@pytest.mark.usefixtures("_way")
def test_the_same_pictures(tiny_network: OneForAll) -> None:
    canvas = torch.rand(len(CODINGS), 1, 48, 48)
    with torch.inference_mode():
        exact = tiny_network.super_resolve(canvas, conditions(CODINGS))
        for dtype in (torch.float32, torch.bfloat16):  # pictures are never rounded
            made = ReadingNetwork(tiny_network, dtype, CPU).super_resolve(canvas, CODINGS)
            assert torch.allclose(made, exact, atol=1e-5)


def test_the_network_itself_is_left_alone(tiny_network: OneForAll) -> None:
    before = {name: t.clone() for name, t in tiny_network.state_dict().items()}
    ReadingNetwork(tiny_network, torch.bfloat16, CPU)
    after = tiny_network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(t, after[name]) for name, t in before.items())


def test_more_codings_than_are_remembered(
    tiny_network: OneForAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrowcast_models.networks.reading.MAX_CODINGS", 1)
    few = ReadingNetwork(tiny_network, torch.float32, CPU)
    canvas = torch.rand(len(CODINGS), 1, 48, 48)
    with torch.inference_mode():
        assert torch.allclose(few.read(canvas, CODINGS), _said(tiny_network, canvas), atol=1e-5)


@pytest.mark.usefixtures("_way")
def test_a_batch_reads_as_its_chips_alone(tiny_network: OneForAll) -> None:
    """What makes a recording and its live series the same, to 1e-3."""
    pixels = np.random.default_rng(0).integers(0, 256, (33, 32, 32), dtype=np.uint8)
    chips = [CodedChip(chip, Coding(32, 30)) for chip in pixels]
    recogniser = Recogniser(tiny_network, Precision.BFLOAT16)
    together = np.array(recogniser.read(chips))
    alone = np.array([recogniser.read([chip])[0] for chip in chips])
    assert np.abs(together - alone).max() < 5e-4

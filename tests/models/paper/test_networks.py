"""The networks have the paper's shapes and sizes, counted by hand."""

import pytest
import torch
from torch import nn

from narrowcast_models.networks.paper import (
    TRANSFERRED,
    PaperNetworkConfig,
    Pooling,
    Recognition,
    SuperResolution,
    transfer,
)

# 5x5 kernels and biases: 1 -> 64 -> 128 -> 256.
CONVOLUTIONS = (25 * 1 * 64 + 64) + (25 * 64 * 128 + 128) + (25 * 128 * 256 + 256)


def _count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_recognition_as_in_the_papers_text() -> None:
    """96 -> 92 -> 46 -> 42 -> 21 -> 17 px, then four quadrants of 256 channels."""
    assert CONVOLUTIONS == 1_026_048
    assert _count(Recognition()) == CONVOLUTIONS + (4 * 256 * 300 + 300) + (300 + 1)


def test_recognition_as_released() -> None:
    """4x4 windows over 17 px: Caffe rounds up to five a side."""
    config = PaperNetworkConfig(pooling=Pooling.RELEASE)
    assert _count(Recognition(config)) == CONVOLUTIONS + (25 * 256 * 300 + 300) + (300 + 1)


def test_super_resolution() -> None:
    network = SuperResolution()
    assert _count(network) == CONVOLUTIONS + (25 * 256 * 1 + 1)
    assert network(torch.zeros(2, 1, 32, 32)).shape == (2, 1, 16, 16)


@pytest.mark.parametrize("pooling", list(Pooling))
@pytest.mark.parametrize("canvas_px", [40, 48, 64, 96])
def test_every_canvas_runs(canvas_px: int, pooling: Pooling) -> None:
    network = Recognition(PaperNetworkConfig(canvas_px, 1 / 16, pooling)).eval()
    assert network(torch.rand(3, 1, canvas_px, canvas_px)).shape == (3,)


def test_the_hidden_maps_are_unpadded() -> None:
    network = Recognition(PaperNetworkConfig(width=1 / 16))
    sides: list[int] = []
    for name in TRANSFERRED:
        network.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, out: sides.append(out.shape[-1])
        )
    network(torch.rand(1, 1, 96, 96))
    assert sides == [92, 42, 17]
    assert network.config.last_map_px == 17


def test_a_narrow_variant() -> None:
    config = PaperNetworkConfig(canvas_px=48, width=0.25)
    assert config.filters == (16, 32, 64)
    assert config.fully_connected == 75


def test_a_canvas_that_is_too_small() -> None:
    with pytest.raises(ValueError, match="nothing to pool"):
        Recognition(PaperNetworkConfig(canvas_px=32))


@pytest.mark.parametrize("pooling", list(Pooling))
def test_exactly_the_first_three_layers_are_transferred(pooling: Pooling) -> None:
    config = PaperNetworkConfig(40, 1 / 16, pooling)
    torch.manual_seed(0)
    source, target = SuperResolution(config), Recognition(config)
    for parameter in source.parameters():
        nn.init.normal_(parameter)
    before = {name: p.clone() for name, p in target.named_parameters()}
    transfer(source, target)
    for name, parameter in target.named_parameters():
        if name.startswith(("conv1.", "conv2.", "conv3.")):
            assert torch.equal(parameter, source.get_parameter(name)), name
        else:
            assert torch.equal(parameter, before[name]), name
    with torch.no_grad():
        source.conv1.weight.zero_()
    assert target.conv1.weight.any(), "copied, not shared"


def test_dropout_is_over_half_of_the_fully_connected_layer() -> None:
    network = Recognition(PaperNetworkConfig(40, 1 / 16))
    seen: list[torch.Tensor] = []
    network.dropout.register_forward_hook(lambda _module, _inputs, out: seen.append(out))
    nn.init.ones_(network.fc4.bias)
    network.train()(torch.rand(400, 1, 40, 40))
    assert float((seen[0] == 0).float().mean()) == pytest.approx(0.5, abs=0.2)
    network.eval()
    assert torch.equal(*(network(torch.ones(2, 1, 40, 40)).unbind()))

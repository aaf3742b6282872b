"""The folded copy reads as the network does, and leaves it alone."""

import pytest
import torch

from narrowcast_models.coding import Coding, conditions
from narrowcast_models.networks.folding import folded
from narrowcast_models.networks.one_for_all import OneForAll


def test_the_same_readings(tiny_network: OneForAll) -> None:
    canvas = torch.rand(3, 1, 48, 48)
    told = conditions([Coding(48, None), Coding(12, 30), Coding(6, 40)])
    with torch.inference_mode():
        plain, quick = tiny_network(canvas, told), folded(tiny_network)(canvas, told)
        pictures = [n.super_resolve(canvas, told) for n in (tiny_network, folded(tiny_network))]
    for name, a, b in zip(plain._fields, plain, quick, strict=True):
        assert torch.allclose(a, b, atol=1e-5), name
    assert torch.allclose(*pictures, atol=1e-5)


def test_nothing_is_left_to_fold(tiny_network: OneForAll) -> None:
    kinds = {type(module) for module in folded(tiny_network).modules()}
    assert torch.nn.BatchNorm2d not in kinds
    assert torch.nn.AvgPool2d not in kinds


@pytest.mark.parametrize("training", [True, False])
def test_the_network_itself_is_left_alone(tiny_network: OneForAll, *, training: bool) -> None:
    tiny_network.train(training)
    before = {name: t.clone() for name, t in tiny_network.state_dict().items()}
    assert not folded(tiny_network).training
    assert tiny_network.training is training
    after = tiny_network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(t, after[name]) for name, t in before.items())

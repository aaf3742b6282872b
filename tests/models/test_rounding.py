"""A network in bfloat16 reads nearly as it does in float32, whoever is in the batch."""

import numpy as np
import pytest
import torch

from narrowcast_models.coding import Coding, conditions
from narrowcast_models.networks.folding import folded
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.networks.rounding import rounded
from narrowcast_models.precision import Precision
from narrowcast_models.recogniser import CodedChip, Recogniser

POOLED = OneForAllConfig(widths=(4, 6), blocks=(1, 1), condition_width=4, features=0)


def _chips(count: int) -> list[CodedChip]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 32, 32), dtype=np.uint8)
    return [CodedChip(chip, Coding(32, 30)) for chip in pixels]


def test_only_convolutions_are_rounded(tiny_network: OneForAll) -> None:
    network = rounded(folded(tiny_network), torch.bfloat16)
    kinds = {
        type(module): {weight.dtype for weight in module.parameters(recurse=False)}
        for module in network.modules()
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear)
    }
    assert kinds == {torch.nn.Conv2d: {torch.bfloat16}, torch.nn.Linear: {torch.float32}}


def test_float32_is_left_alone(tiny_network: OneForAll) -> None:
    network = folded(tiny_network)
    before = network.state_dict().keys()
    assert rounded(network, torch.float32) is network
    assert network.state_dict().keys() == before


@pytest.mark.parametrize("features", [96, 0])
def test_the_readings_are_near(features: int) -> None:
    torch.manual_seed(1)
    network = OneForAll(POOLED._replace(features=features)).eval()
    told, canvas = conditions([Coding(32, 30)] * 5), torch.rand(5, 1, 48, 48)
    with torch.inference_mode():
        plain, rough = network(canvas, told), rounded(folded(network), torch.bfloat16)(canvas, told)
    for name, a, b in zip(plain._fields, plain, rough, strict=True):
        assert b.dtype is torch.float32, name
        assert torch.allclose(a, b, atol=0.05), name
        assert not torch.equal(a, b) or name == "log_sigma", f"{name} was rounded nowhere"


def test_a_batch_reads_as_its_chips_alone(tiny_network: OneForAll) -> None:
    """What makes a recording and its live series the same, to 1e-3."""
    recogniser, chips = Recogniser(tiny_network, Precision.BFLOAT16), _chips(33)
    together = np.array(recogniser.read(chips))
    alone = np.array([recogniser.read([chip])[0] for chip in chips])
    assert np.abs(together - alone).max() < 5e-4


def test_pictures_are_near(tiny_network: OneForAll) -> None:
    plain, rough = Recogniser(tiny_network), Recogniser(tiny_network, Precision.BFLOAT16)
    for a, b in zip(plain.super_resolve(_chips(3)), rough.super_resolve(_chips(3)), strict=True):
        assert np.abs(a.astype(int) - b).max() <= 4

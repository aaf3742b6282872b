"""The network: shapes, ranges, size, and a tiny one's output pinned."""

import math
from collections.abc import Sequence

import pytest
import torch

from narrowcast_models import coding as coding_
from narrowcast_models.coding import CONDITIONS, Coding
from narrowcast_models.emotions import EMOTIONS, VALENCES
from narrowcast_models.networks.one_for_all import LOG_SIGMA_RANGE, OneForAll, OneForAllConfig


def conditions(codings: Sequence[Coding]) -> torch.Tensor:
    """As the network is told them."""
    return torch.from_numpy(coding_.conditions(codings))


def _canvas(count: int) -> torch.Tensor:
    """A fixed pattern, so that what is pinned does not hang on a random generator."""
    grid = torch.arange(48) / 48
    rows = torch.sin(7 * grid)[:, None] + torch.cos(11 * grid)[None, :]
    return torch.stack([(rows * (1 + i) / (2 + i) + 2) / 4 for i in range(count)]).unsqueeze(1)


def test_shapes_and_ranges(tiny_network: OneForAll) -> None:
    codings = [Coding(96, None), Coding(24, 30), Coding(4, 51)]
    with torch.inference_mode():
        out = tiny_network(torch.rand(3, 1, 48, 48), conditions(codings))
    assert out.logits.shape == (3, len(EMOTIONS))
    assert out.valence.shape == out.log_sigma.shape == (3,)
    assert (out.expected >= min(VALENCES)).all()
    assert (out.expected <= max(VALENCES)).all()
    assert (out.valence.abs() <= 1).all()
    assert (out.log_sigma >= LOG_SIGMA_RANGE[0]).all()
    assert (out.log_sigma <= LOG_SIGMA_RANGE[1]).all()


def test_what_is_expected_follows_from_the_shares(tiny_network: OneForAll) -> None:
    with torch.inference_mode():
        out = tiny_network(_canvas(2), conditions([Coding(48, None)] * 2))
    assert torch.allclose(out.expected, out.logits.softmax(dim=-1) @ torch.tensor(VALENCES))
    assert torch.equal(out.valence, out.expected), "an unfitted calibration changes nothing"


def test_the_calibration_makes_the_reading(tiny_network: OneForAll) -> None:
    told = conditions([Coding(48, None), Coding(6, None)])
    with torch.inference_mode():
        before = tiny_network(_canvas(2), told)
        tiny_network.calibration.table[:] = torch.tensor([0.5, 0.1, 0.2])
        after = tiny_network(_canvas(2), told)
    assert torch.equal(after.expected, before.expected)
    assert torch.allclose(after.valence, before.expected * math.exp(0.5) + 0.1)
    assert torch.allclose(after.log_sigma, before.log_sigma + 0.2)


def test_a_reading_stays_within_its_range(tiny_network: OneForAll) -> None:
    tiny_network.calibration.table[:] = torch.tensor([9.0, 0.0, 0.0])
    with torch.inference_mode():
        out = tiny_network(_canvas(2), conditions([Coding(48, None)] * 2))
    assert out.valence.abs().tolist() == [1, 1]


def test_the_picture(tiny_network: OneForAll) -> None:
    """It is the canvas and what the head adds: nothing, where its last layer is nothing."""
    told = conditions([Coding(12, None)] * 2)
    with torch.inference_mode():
        picture = tiny_network.super_resolve(_canvas(2), told)
        _, same = tiny_network.joint(_canvas(2), told)
        assert picture.shape == (2, 1, 48, 48)
        assert picture.min() >= 0
        assert picture.max() <= 1
        assert same is not None
        assert torch.equal(picture, same.clamp(0, 1))
        assert not torch.allclose(picture, _canvas(2), atol=1e-3)
        for tensor in tiny_network.super_resolution.pixels.parameters():
            tensor.zero_()
        assert torch.equal(tiny_network.super_resolve(_canvas(2), told), _canvas(2))


def test_joint_reads_as_the_network_does(tiny_network: OneForAll) -> None:
    told = conditions([Coding(12, None)] * 2)
    with torch.inference_mode():
        joint, _ = tiny_network.joint(_canvas(2), told)
        alone = tiny_network(_canvas(2), told)
    assert all(torch.equal(a, b) for a, b in zip(joint, alone, strict=True))


@pytest.mark.parametrize("features", [0, 5])
@pytest.mark.parametrize("picture_stages", [0, 1, 2])
@pytest.mark.parametrize("unshuffle", [2, 4])
def test_other_designs(unshuffle: int, picture_stages: int, features: int) -> None:
    config = OneForAllConfig(
        unshuffle=unshuffle, widths=(4, 6), blocks=(1, 1), condition_width=4, features=features,
        picture_stages=picture_stages,
    )  # fmt: skip
    network = OneForAll(config).eval()
    told = conditions([Coding(12, None)] * 2)
    outputs, picture = network.joint(_canvas(2), told)
    assert outputs.valence.shape == (2,)
    assert (picture is None) == (picture_stages == 0)
    assert picture is None or picture.shape == (2, 1, 48, 48)


def test_a_tiny_network_is_pinned() -> None:
    """Weights by a formula: a change of architecture, not of a generator, moves these.

    Which kernels torch takes, and so the fourth digit, depends on what ran before.
    """
    network = OneForAll(OneForAllConfig(widths=(4, 6, 8), blocks=(1, 1, 1), condition_width=4))
    with torch.no_grad():
        for index, tensor in enumerate(network.parameters()):
            steps = torch.arange(tensor.numel(), dtype=torch.float32)
            tensor.copy_((0.8 * torch.sin(1.3 * steps + 1.9 * index)).reshape(tensor.shape))
    with torch.inference_mode():
        out = network.eval()(_canvas(2), conditions([Coding(48, None), Coding(12, 36)]))
    assert out.valence.tolist() == pytest.approx(PINNED_VALENCE, abs=1e-3)
    assert out.log_sigma.tolist() == pytest.approx(PINNED_LOG_SIGMA, abs=1e-3)


PARAMETERS = 440_025
PINNED_VALENCE = [-0.2255183, -0.3365902]
PINNED_LOG_SIGMA = [0.3790002, 0.4268232]


def test_how_the_chip_was_coded_is_heard(tiny_network: OneForAll) -> None:
    codings = [Coding(48, None), Coding(12, None), Coding(48, 40), Coding(48, 0)]
    with torch.inference_mode():
        out = tiny_network(_canvas(1).expand(4, -1, -1, -1), conditions(codings))
    assert len({round(v, 6) for v in out.valence.tolist()}) == 4
    assert len({round(v, 6) for v in out.log_sigma.tolist()}) == 4


def test_conditions() -> None:
    rows = conditions([Coding(96, None), Coding(48, 51), Coding(24, 0)])
    assert rows.shape == (3, CONDITIONS)
    assert rows.tolist() == [[1, 0, 0], [0.5, 1, 1], [0.25, 0, 1]]


def test_the_size_of_the_default() -> None:
    """On the card, and what one core's budget was planned with."""
    assert sum(p.numel() for p in OneForAll().parameters()) == PARAMETERS


def test_sigma_does_not_bend_the_reading(tiny_network: OneForAll) -> None:
    """No gradient flows from sigma into the features."""
    tiny_network(_canvas(2), conditions([Coding(48, None)] * 2)).log_sigma.sum().backward()
    for name, parameter in tiny_network.named_parameters():
        touched = parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)
        assert touched <= name.startswith("log_sigma"), name


def test_a_black_chip_is_read_and_finite(tiny_network: OneForAll) -> None:
    with torch.inference_mode():
        out = tiny_network(torch.zeros(1, 1, 48, 48), conditions([Coding(4, 51)]))
    assert all(math.isfinite(float(v.sum())) for v in out)


def test_stages_and_blocks_must_match() -> None:
    with pytest.raises(ValueError, match="argument 2 is longer"):
        OneForAll(OneForAllConfig(widths=(4, 6), blocks=(1, 1, 1)))


def test_valences_are_not_in_the_weights() -> None:
    """They are the code's: a weight file cannot change what happiness is worth."""
    assert "valences" not in OneForAll().state_dict()

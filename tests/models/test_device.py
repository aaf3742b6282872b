"""An accelerator is used where there is one; one that is not there is refused by name."""

import numpy as np
import pytest
import torch

from narrowcast_models import device
from narrowcast_models.coding import Coding
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.precision import Precision
from narrowcast_models.recogniser import CodedChip, Recogniser
from narrowcast_shared.errors import SettingsError

HERE = [
    pytest.param("cpu"),
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
    ),
]


@pytest.mark.parametrize(("is_there", "kind"), [(True, "cuda"), (False, "cpu")])
def test_auto_takes_an_accelerator_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, kind: str, *, is_there: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: is_there)
    asked: list[str] = []
    monkeypatch.setattr(torch, "empty", lambda *_, device: asked.append(device))
    assert device.choose().type == kind
    assert asked == [kind]


@pytest.mark.parametrize("name", ["nosuch", "meta:x"])
def test_a_device_nobody_has(name: str) -> None:
    with pytest.raises(SettingsError, match=f"no device '{name}'"):
        device.choose(name)


def test_an_accelerator_is_not_rounded_for_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrowcast_models.precision.multiplies_bfloat16", lambda: True)
    cuda, cpu = torch.device("cuda"), torch.device("cpu")
    assert Precision.AUTO.dtype(cuda) is Precision.FLOAT32.dtype(cpu) is torch.float32
    assert Precision.BFLOAT16.dtype(cuda) is Precision.AUTO.dtype(cpu) is torch.bfloat16


@pytest.mark.parametrize("name", HERE)
def test_readings_do_not_depend_on_it(tiny_network: OneForAll, name: str) -> None:
    rng = np.random.default_rng(0)
    chips = [
        CodedChip(rng.integers(0, 256, (px, px), dtype=np.uint8), Coding(px, 30))
        for px in (24, 48, 24)
    ]
    there = Recogniser(tiny_network, device=torch.device(name))
    here = Recogniser(tiny_network)
    assert np.abs(np.array(there.read(chips)) - np.array(here.read(chips))).max() < 5e-3
    for a, b in zip(there.super_resolve(chips), here.super_resolve(chips), strict=True):
        assert np.abs(a.astype(int) - b).max() <= 2


def test_everything_moves_to_the_device(tiny_network: OneForAll) -> None:
    """`meta` has shapes and no numbers: what stays behind fails before the readings are wanted."""
    recogniser = Recogniser(tiny_network, device=torch.device("meta"))
    with pytest.raises(NotImplementedError, match="no data"):
        recogniser.read([CodedChip(np.zeros((24, 24), np.uint8), Coding(24, 30))])

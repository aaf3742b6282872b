"""The decoder's one call: batches of mixed sizes read as each chip alone."""

import numpy as np
import pytest

from narrowcast_models import model_card
from narrowcast_models.coding import Coding
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser import CodedChip, Recogniser
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_shared.errors import WeightsError

TINY = OneForAllConfig(widths=(4, 6), blocks=(0, 1), condition_width=4, features=4)


def _chips() -> list[CodedChip]:
    rng = np.random.default_rng(0)
    sizes = [48, 6, 96, 6, 24, 48, 17, 96, 4]
    return [
        CodedChip(
            rng.integers(0, 256, (px, px), dtype=np.uint8), Coding(px, None if i % 3 else 20 + i)
        )
        for i, px in enumerate(sizes)
    ]


def test_a_batch_reads_as_its_chips_alone(tiny_network: OneForAll) -> None:
    recogniser = TorchRecogniser(tiny_network)
    together = recogniser.read(_chips())
    alone = [recogniser.read([chip])[0] for chip in _chips()]
    assert np.abs(np.array(together) - np.array(alone)).max() < 1e-5
    assert len(set(together)) == len(together)


def test_order_is_kept(tiny_network: OneForAll) -> None:
    recogniser, chips = TorchRecogniser(tiny_network), _chips()
    forward, backward = recogniser.read(chips), recogniser.read(chips[::-1])
    assert np.array(backward[::-1]) == pytest.approx(np.array(forward), abs=1e-5)


def test_it_says_which_weights_it_has(tiny_network: OneForAll) -> None:
    path, card = model_card.find("oa")
    assert Recogniser.load(str(path)).sha256 == Recogniser.load("oa").sha256 == card.sha256
    assert TorchRecogniser(tiny_network).sha256 is None


def test_no_chips(tiny_network: OneForAll) -> None:
    assert TorchRecogniser(tiny_network).read([]) == []


def test_plain_floats_within_range(tiny_network: OneForAll) -> None:
    for reading in TorchRecogniser(tiny_network).read(_chips()):
        assert type(reading.valence) is type(reading.sigma) is float
        assert -1 <= reading.valence <= 1
        assert reading.sigma > 0


def test_dropout_is_off(tiny_network: OneForAll) -> None:
    recogniser = TorchRecogniser(tiny_network.train())
    assert recogniser.read(_chips()) == recogniser.read(_chips())


def test_a_model_nobody_has() -> None:
    with pytest.raises(WeightsError, match="no weights"):
        Recogniser.load("nosuch")


def test_pictures(tiny_network: OneForAll) -> None:
    recogniser = TorchRecogniser(tiny_network)
    pictures = recogniser.super_resolve(_chips())
    assert [p.shape for p in pictures] == [(48, 48)] * len(_chips())
    assert {p.dtype for p in pictures} == {np.dtype(np.uint8)}
    assert recogniser.super_resolve([]) == []
    alone = recogniser.super_resolve(_chips()[:1])[0]
    assert np.abs(alone.astype(int) - pictures[0]).max() <= 1


def test_a_model_without_pictures() -> None:
    recogniser = TorchRecogniser(OneForAll(TINY._replace(picture_stages=0)))
    with pytest.raises(WeightsError, match="makes no pictures"):
        recogniser.super_resolve(_chips())

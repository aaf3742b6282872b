"""The network's picture of a received face, where it makes any."""

import logging

import numpy as np
import pytest
import torch

from narrowcast_decoder.preview.restorer import Restorer
from narrowcast_models.coding import Coding
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser import CodedChip, Recogniser
from narrowcast_models.recogniser.torch_backend import TorchRecogniser

from .faces import RUNG, received

TINY = OneForAllConfig(widths=(4, 6), blocks=(0, 1), condition_width=4, features=4)


def recogniser(picture_stages: int) -> Recogniser:
    torch.manual_seed(3)
    return TorchRecogniser(OneForAll(TINY._replace(picture_stages=picture_stages)))


def test_the_picture_is_that_of_the_recogniser() -> None:
    loaded: list[Recogniser] = []

    def load() -> Recogniser:
        loaded.append(recogniser(2))
        return loaded[-1]

    restorer, last = Restorer(load), received(3).last
    assert last is not None
    assert not loaded, "only once somebody asks"
    pictures = [restorer.restore(last) for _ in range(2)]
    assert len(loaded) == 1
    expected = loaded[0].super_resolve([CodedChip(last[1], Coding(*RUNG))])[0]
    for picture in pictures:
        assert picture is not None
        assert picture.shape == (48, 48)
        assert np.array_equal(picture, expected)


def test_a_model_without_pictures_gives_none(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    restorer, last = Restorer(lambda: recogniser(0)), received(1).last
    assert last is not None
    assert [restorer.restore(last) for _ in range(3)] == [None] * 3
    assert caplog.text.count("makes no pictures") == 1, "it is said once"


def test_weights_that_are_gone_since_the_start_give_none() -> None:
    restorer, last = Restorer.of("/no/such.safetensors"), received(1).last
    assert last is not None
    assert restorer.restore(last) is None


def test_the_model_that_ships_makes_pictures_of_the_face() -> None:
    last = received(3).last
    assert last is not None
    picture = Restorer.of("oa").restore(last)
    assert picture is not None
    enlarged = np.kron(last[1], np.ones((3, 3)))
    assert np.corrcoef(enlarged.ravel(), picture.ravel())[0, 1] > 0.9

"""The paper's recogniser behind the product's call: batches of mixed sizes, the paper's eyes."""

import numpy as np
import pytest
import torch

from narrowcast_models import canvas
from narrowcast_models.coding import Coding
from narrowcast_models.networks.paper import PaperNetworkConfig, Recognition
from narrowcast_models.paper import reader
from narrowcast_models.paper.batches import degrade
from narrowcast_models.paper.reader import PaperReader
from narrowcast_models.recogniser import CodedChip
from narrowcast_shared.operating_point import CHIP_PX


@pytest.fixture
def paper() -> PaperReader:
    torch.manual_seed(0)
    return PaperReader(Recognition(PaperNetworkConfig(40, 1 / 16)).train())


def _chips() -> list[CodedChip]:
    rng = np.random.default_rng(0)
    return [
        CodedChip(rng.integers(0, 256, (px, px), dtype=np.uint8), Coding(px, qp))
        for px, qp in ((48, None), (6, 30), (96, None), (40, 24), (6, 42))
    ]


def test_a_batch_reads_as_its_chips_alone(paper: PaperReader) -> None:
    together = [reading.valence for reading in paper.read(_chips())]
    alone = [paper.read([chip])[0].valence for chip in _chips()]
    assert together == pytest.approx(alone, abs=1e-5)
    assert len(set(together)) == len(together)


def test_dropout_is_off_and_sigma_unknown(paper: PaperReader) -> None:
    assert paper.read(_chips()) == paper.read(_chips())
    assert {reading.sigma for reading in paper.read(_chips())} == {None}
    assert paper.read([]) == []


def test_it_sees_what_it_was_trained_on() -> None:
    """A face shrunk as in training, sent as it is: the same canvas."""
    face = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (1, 48, 48), dtype=np.uint8))
    for factor in (3, 12):
        small = degrade(face.float(), factor, CHIP_PX // factor)[0] * 255
        sent = small.round().to(torch.uint8).numpy()
        trained = canvas.normalise(degrade(face.float(), factor, 40))
        assert torch.allclose(reader.seen(sent, 40), trained, atol=1e-4)

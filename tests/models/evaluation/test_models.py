"""Models by name or path, whatever their architecture."""

from pathlib import Path

import numpy as np
import pytest
import torch

from narrowcast_models import checkpoint, model_card
from narrowcast_models.coding import Coding
from narrowcast_models.evaluation import models
from narrowcast_models.model_card import ARCHITECTURE, Card
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.networks.paper import PaperNetworkConfig, Pooling, Recognition
from narrowcast_models.paper import reader as paper
from narrowcast_models.recogniser import CodedChip
from narrowcast_shared.errors import WeightsError

SHIPPED = sorted(model_card.WEIGHTS_FOLDER.glob("*.safetensors"))
CHIP = CodedChip(np.random.default_rng(0).integers(0, 256, (16, 16), np.uint8), Coding(16, 30))


def _save(network: OneForAll | Recognition, architecture: str, folder: Path) -> Path:
    card = Card(
        name="tiny",
        architecture=architecture,
        network=network.config._asdict(),
        parameters=0,
        sha256="",
        git_revision="unknown",
        command="none",
        training={},
        data=[],
        figures={},
        limits="",
    )
    path = folder / "tiny.safetensors"
    checkpoint.save(network, card, path)
    return path


@pytest.fixture
def paper_network() -> Recognition:
    torch.manual_seed(3)
    return Recognition(PaperNetworkConfig(40, 1 / 16, Pooling.RELEASE)).eval()


def test_the_products(tiny_network: OneForAll, tmp_path: Path) -> None:
    reader, card = models.load(str(_save(tiny_network, ARCHITECTURE, tmp_path)))
    assert card.name == "tiny"
    (reading,) = reader.read([CHIP])
    assert reading.sigma is not None


def test_the_papers(paper_network: Recognition, tmp_path: Path) -> None:
    """The weights that were saved, in the network that the card tells, pooling and all."""
    path = _save(paper_network, paper.ARCHITECTURE, tmp_path)
    reader, card = models.load(str(path))
    assert card.parameters == sum(p.numel() for p in paper_network.parameters())
    (reading,) = reader.read([CHIP])
    assert reading == paper.PaperReader(paper_network).read([CHIP])[0]
    assert reading.sigma is None


def test_an_architecture_nobody_knows(paper_network: Recognition, tmp_path: Path) -> None:
    path = _save(paper_network, "transformer", tmp_path)
    with pytest.raises(WeightsError, match="'transformer', which nothing here reads"):
        models.load(str(path))


@pytest.mark.parametrize(
    "network",
    [
        {},
        {"canvas_px": 40, "width": 1 / 16},
        {"canvas_px": 40, "width": 1 / 16, "pooling": "mean"},
        {"canvas_px": 40, "width": "wide", "pooling": "release"},
        {"canvas_px": 16, "width": 1 / 16, "pooling": "release"},
        {"canvas_px": 40, "width": 1 / 8, "pooling": "release"},
    ],
)
def test_a_card_of_another_network(
    paper_network: Recognition, tmp_path: Path, network: dict[str, object]
) -> None:
    path = _save(paper_network, paper.ARCHITECTURE, tmp_path)
    card = model_card.read_card(path.with_suffix(".json"))
    changed = card.model_copy(update={"network": network})
    path.with_suffix(".json").write_text(changed.model_dump_json())
    with pytest.raises(WeightsError, match="does not fit its network"):
        models.load(str(path))


def test_the_decoder_refuses_the_papers(paper_network: Recognition, tmp_path: Path) -> None:
    path = _save(paper_network, paper.ARCHITECTURE, tmp_path)
    with pytest.raises(WeightsError, match="architecture 'paper', not 'one-for-all'"):
        checkpoint.load(str(path))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_whatever_ships_can_be_evaluated(path: Path) -> None:
    reader, card = models.load(path.stem)
    assert card.name == path.stem
    assert np.isfinite(reader.read([CHIP])[0].valence)

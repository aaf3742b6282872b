"""Weights and card: a round trip, and one clear error for each way to spoil them."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from narrowcast_models import checkpoint, model_card
from narrowcast_models.model_card import ARCHITECTURE, Card, DataSource
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_shared.errors import WeightsError

CARD = Card(
    name="tiny",
    architecture=ARCHITECTURE,
    network={},
    parameters=0,
    sha256="",
    git_revision="unknown",
    command="none",
    training={},
    data=[DataSource(name="noise", used_for="nothing", terms="none")],
    figures={"ccc": 0.5},
    limits="reads nothing",
)


@pytest.fixture
def saved(tiny_network: OneForAll, tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "tiny.safetensors"
    card = CARD.model_copy(update={"network": tiny_network.config._asdict()})
    checkpoint.save(tiny_network, card, path)
    return path


def _edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the card, and keep its checksum true to the weights as they are."""
    card_path = path.with_suffix(".json")
    card = json.loads(card_path.read_text())
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    change(card)
    card_path.write_text(json.dumps(card))


def test_round_trip(saved: Path, tiny_network: OneForAll) -> None:
    network, card = checkpoint.load(str(saved))
    assert not network.training
    assert network.config == tiny_network.config
    expected = tiny_network.state_dict()
    assert network.state_dict().keys() == expected.keys()
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, expected[name]), name
    assert card.parameters == sum(p.numel() for p in tiny_network.parameters())
    assert card.sha256 == hashlib.sha256(saved.read_bytes()).hexdigest()
    assert card.figures == {"ccc": 0.5}


def _refused(path: Path, match: str) -> None:
    with pytest.raises(WeightsError, match=match) as caught:
        checkpoint.load(str(path))
    assert "\n" not in str(caught.value)


def test_no_weights(tmp_path: Path) -> None:
    _refused(tmp_path / "none.safetensors", "there are no weights at")


def test_a_folder_instead(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").mkdir()
    _refused(tmp_path / "a.safetensors", "there are no weights at")


def test_no_card(saved: Path) -> None:
    saved.with_suffix(".json").unlink()
    _refused(saved, "have no card at")


def test_a_folder_as_card(saved: Path) -> None:
    saved.with_suffix(".json").unlink()
    saved.with_suffix(".json").mkdir()
    _refused(saved, "cannot be read")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"name": 1}', "\x00\udcff"])
def test_what_is_no_card(saved: Path, text: str) -> None:
    saved.with_suffix(".json").write_bytes(text.encode(errors="surrogateescape"))
    _refused(saved, "no model card")


def test_a_card_with_something_more(saved: Path) -> None:
    _edit(saved, lambda card: card.update(mood="fine"))
    _refused(saved, "no model card")


@pytest.mark.parametrize("at", [0, 8, -1])
def test_a_byte_changed(saved: Path, at: int) -> None:
    data = bytearray(saved.read_bytes())
    data[at] ^= 1
    saved.write_bytes(data)
    _refused(saved, "checksum differs")


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff" * 100, b"PK\x03\x04" + bytes(50)])
def test_no_safetensors_under_a_true_checksum(saved: Path, data: bytes) -> None:
    saved.write_bytes(data)
    _edit(saved, lambda _: None)
    _refused(saved, "does not fit its network")


def test_truncated_under_a_true_checksum(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-4])
    _edit(saved, lambda _: None)
    _refused(saved, "does not fit its network")


def test_nothing_is_unpickled(saved: Path, tmp_path: Path) -> None:
    """A pickle that would leave a file behind, were it ever loaded."""
    trace = tmp_path / "unpickled"
    saved.write_bytes(b"cpathlib\nPath\n(S'" + str(trace).encode() + b"'\ntR.")
    _edit(saved, lambda _: None)
    _refused(saved, "does not fit")
    assert not trace.exists()


@pytest.mark.parametrize(
    "network",
    [
        {"widths": [4, 6, 10], "blocks": [1, 1, 1], "condition_width": 4},  # wrong shapes
        {"widths": [4, 6, 8], "blocks": [2, 1, 1], "condition_width": 4},  # tensors missing
        {"widths": [4, 6], "blocks": [1, 1], "condition_width": 4},  # tensors too many
        {"widths": [4, 6, 8], "blocks": [1, 1], "condition_width": 4},
        {"widths": [4, -6, 8], "blocks": [1, 1, 1], "condition_width": 4},
        {"widths": "wide", "blocks": [1, 1, 1], "condition_width": 4},
        {"widths": [], "blocks": [], "condition_width": 4},
        {"depth": 3},
        {},
    ],
)
def test_another_network(saved: Path, network: dict[str, object]) -> None:
    _edit(saved, lambda card: card.update(network=network))
    _refused(saved, "does not fit its network")


def test_another_architecture(saved: Path) -> None:
    _edit(saved, lambda card: card.update(architecture="paper"))
    _refused(saved, "architecture 'paper'")


def test_a_shipped_name_that_is_not_shipped() -> None:
    with pytest.raises(WeightsError, match="a shipped model"):
        checkpoint.load("nosuch")


def test_where_nothing_can_be_written(tiny_network: OneForAll, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WeightsError, match="cannot be written"):
        checkpoint.save(tiny_network, CARD, tmp_path / "file" / "tiny.safetensors")


def test_the_default_ships() -> None:
    """Other architectures may ship beside it: `evaluation.models` knows them all."""
    network, card = checkpoint.load()
    assert card.name == model_card.DEFAULT_MODEL
    assert isinstance(network.config, OneForAllConfig)
    assert card.parameters == sum(p.numel() for p in network.parameters())


def test_a_model_is_shipped_by_being_there(
    saved: Path, monkeypatch: pytest.MonkeyPatch, tiny_network: OneForAll
) -> None:
    monkeypatch.setattr(model_card, "WEIGHTS_FOLDER", saved.parent)
    network, _ = checkpoint.load("tiny")
    assert network.config == tiny_network.config
    with pytest.raises(WeightsError, match=r"a shipped model \(tiny\)"):
        checkpoint.load("oa")

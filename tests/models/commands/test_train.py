"""`narrowcast train oa` on a small folder of FER+'s layout: one command, weights and a card."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from narrowcast_models import checkpoint
from narrowcast_models.coding import Coding
from narrowcast_models.commands.train import train
from narrowcast_models.evaluation import grid
from narrowcast_models.recogniser import CodedChip, Recogniser
from narrowcast_shared.errors import DataError, SettingsError

SMALL_GRID = (Coding(48, None), Coding(16, 30))


@pytest.fixture(autouse=True)
def _small_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "CARD_GRID", SMALL_GRID)


def _train(*arguments: object) -> str:
    result = CliRunner().invoke(train, ["oa", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_from_faces_to_a_model(
    ferplus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. train  2. the card tells all  3. the weights load and read  4. again: the same file."""
    assert ferplus_folder.is_dir()
    out, run = tmp_path / "out" / "oa.safetensors", tmp_path / "run"
    epochs = ("--epochs", 1, "--taught-epochs", 1)
    arguments = ("--run", run, *epochs, "--seed", 5, "--threads", 1, "--out", out)
    monkeypatch.setattr("sys.argv", ["/somewhere/narrowcast", "train", "oa", "--epochs", "1"])
    output = _train(*arguments)
    assert "CCC" in output
    assert f"wrote {out} and oa.json" in output.replace("\n", " ")

    card = json.loads(out.with_suffix(".json").read_text())
    assert card["command"] == "narrowcast train oa --epochs 1"
    assert (card["training"]["epochs"], card["training"]["seed"]) == (1, 5)
    taught = card["training"]["taught"]
    assert (taught["epochs"], taught["seed"], taught["teacher"]) == (1, 5, "oa-l")
    assert card["training"]["threads"] == torch.get_num_threads() == 1
    assert card["training"]["faces"] + card["training"]["held_out"] == 480
    assert [(row["px"], row["qp"]) for row in card["figures"]["eval_clean"]] == [
        (48, None),
        (16, 30),
    ]

    network, _ = checkpoint.load(str(out))
    chip = CodedChip(np.full((16, 16), 99, np.uint8), Coding(16, 30))
    assert abs(Recogniser(network).read([chip])[0].valence) <= 1

    first = out.read_bytes()
    _train(*arguments)
    assert out.read_bytes() == first


def test_out_must_be_safetensors(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"does not end in \.safetensors"):
        _train("--out", tmp_path / "oa.pt")


def test_without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NARROWCAST_DATA", raising=False)
    with pytest.raises(DataError, match="NARROWCAST_DATA"):
        _train("--run", tmp_path, "--out", tmp_path / "oa.safetensors")


@pytest.mark.parametrize("option", ["--epochs", "--threads"])
def test_numbers_below_one(option: str) -> None:
    result = CliRunner().invoke(train, ["oa", option, "0"])
    assert result.exit_code == 2
    assert option in result.output


def test_without_a_teacher(ferplus_folder: Path, tmp_path: Path) -> None:
    assert ferplus_folder.is_dir()
    out = tmp_path / "oa.safetensors"
    epochs = ("--epochs", 1, "--taught-epochs", 0)
    _train("--run", tmp_path / "run", *epochs, "--threads", 1, "--out", out)
    assert "taught" not in json.loads(out.with_suffix(".json").read_text())["training"]

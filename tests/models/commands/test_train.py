"""`narrowcast train oa` on a small folder of FER+'s layout: one command, weights and a card."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from narrowcast_models import checkpoint
from narrowcast_models.coding import Coding
from narrowcast_models.commands.train import train
from narrowcast_models.evaluation import grid
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser import CodedChip, Precision, Recogniser
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_models.training import card as card_
from narrowcast_models.training import recipe
from narrowcast_models.training.config import TrainConfig
from narrowcast_models.training.mixture import MixtureConfig
from narrowcast_models.training.recipe import Recipe
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
    training_folder: Path,
    tiny_network: OneForAll,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """1. train  2. the card tells all  3. the weights load and read  4. again: the same file."""
    assert training_folder.is_dir()
    out, run = tmp_path / "out" / "oa.safetensors", tmp_path / "run"
    teacher = tmp_path / "teacher.safetensors"  # the shipped one would take its time
    checkpoint.save(tiny_network, card_.describe("tiny", tiny_network, {}, [], "-"), teacher)
    first, second = recipe.OA.stages
    second = replace(second, targets=second.targets._replace(own=str(teacher)))
    monkeypatch.setattr(recipe, "OA", Recipe("oa", (first, second)))
    epochs = ("--epochs", 1, "--epochs", 1)
    arguments = ("--run", run, *epochs, "--seed", 5, "--threads", 1, "--out", out)
    monkeypatch.setattr("sys.argv", ["/somewhere/narrowcast", "train", "oa", "--epochs", "1"])
    output = _train(*arguments)
    assert "CCC" in output
    assert f"wrote {out} and oa.json" in output.replace("\n", " ")

    card = json.loads(out.with_suffix(".json").read_text())
    assert card["command"] == "narrowcast train oa --epochs 1"
    stages = card["training"]["stages"]
    assert [(stage["epochs"], stage["seed"]) for stage in stages] == [(1, 5), (1, 5)]
    assert [stage["targets"]["own"] for stage in stages] == [None, str(teacher)]
    assert card["training"]["threads"] == torch.get_num_threads() == 1
    assert card["training"]["held_out"] == 24
    assert [(row["px"], row["qp"]) for row in card["figures"]["eval_clean"]] == [
        (48, None),
        (16, 30),
    ]

    network, _ = checkpoint.load(str(out))
    chip = CodedChip(np.full((16, 16), 99, np.uint8), Coding(16, 30))
    (reading,) = TorchRecogniser(network).read([chip])
    for precision, apart in ((Precision.FLOAT32, 1e-4), (Precision.INT8, 0.1)):  # it is exported
        (exported,) = Recogniser.load(str(out), precision).read([chip])
        assert exported.valence == pytest.approx(reading.valence, abs=apart)

    written = out.read_bytes()
    _train(*arguments)
    assert out.read_bytes() == written


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


def test_the_first_stage_alone_with_film(
    training_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. one `--epochs`: no further stage  2. another film file is looked for before training."""
    assert training_folder.is_dir()
    small = TrainConfig(
        batch_size=64,
        network=OneForAllConfig(widths=(4, 6, 8), blocks=(1, 1, 1), condition_width=4),
        mixture=MixtureConfig(sizes_px=(16,), weights=(1,), max_frames=2),
        targets=recipe.OA.stages[0].targets,
    )
    monkeypatch.setattr(recipe, "OA", Recipe("oa", (small, small)))
    film, out = tmp_path / "film.npz", tmp_path / "oa.safetensors"
    chips = np.random.default_rng(0).integers(0, 255, (30, 96, 96), np.uint8)
    np.savez(film, chips=chips, starts=np.array([0]))
    arguments = ("--run", tmp_path / "run", "--epochs", 1, "--threads", 1, "--out", out)
    with pytest.raises(DataError, match=r"nosuch\.npz is not there"):
        _train(*arguments, "--film", tmp_path / "nosuch.npz")
    assert not (tmp_path / "run").exists()
    _train(*arguments, "--film", film)
    assert len(json.loads(out.with_suffix(".json").read_text())["training"]["stages"]) == 1
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["stage-1"]


def test_more_epochs_than_stages(tmp_path: Path) -> None:
    thrice = ("--epochs", 1) * 3
    with pytest.raises(SettingsError, match="more often than oa has stages: name it 2 times"):
        _train("--run", tmp_path, *thrice, "--out", tmp_path / "oa.safetensors")


def test_without_the_teachers_file(training_folder: Path, tmp_path: Path) -> None:
    (training_folder / "faces" / "teachers.npz").unlink()
    with pytest.raises(DataError, match=r"teachers\.npz is not there"):
        _train("--run", tmp_path, "--epochs", 1, "--out", tmp_path / "oa.safetensors")

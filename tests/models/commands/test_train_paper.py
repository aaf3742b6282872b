"""`narrowcast train paper` on a small folder of FER+'s layout: one command, a model, its card."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from narrowcast_models.coding import Coding
from narrowcast_models.commands.evaluate import evaluate
from narrowcast_models.commands.train import train
from narrowcast_models.evaluation import grid, models
from narrowcast_models.recogniser import CodedChip
from narrowcast_shared.errors import DataError, SettingsError

TINY = (
    "--width", "0.03", "--canvas", "40", "--iterations", "1", "--sr-iterations", "2",
    "--sr-patch", "20", "--mixture", "3,6", "--seed", "2", "--threads", "1", "--device", "cpu",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _small_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "CARD_GRID", (Coding(48, None), Coding(16, 30)))


def _train(*arguments: object) -> str:
    words = ["paper", *map(str, arguments)]
    result = CliRunner().invoke(train, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_from_faces_to_a_model(
    ferplus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. train  2. the card tells all  3. the weights load and read  4. again: the same file
    5. evaluate takes them  6. another configuration in the same folder is refused"""
    assert ferplus_folder.is_dir()
    out, run = tmp_path / "out" / "paper.safetensors", tmp_path / "run"
    arguments = ("--run", run, "--out", out, *TINY)
    monkeypatch.setattr("sys.argv", ["/somewhere/narrowcast", "train", "paper", "--seed", "2"])
    output = _train(*arguments)
    assert f"wrote {out} and paper.json" in output.replace("\n", " ")

    card = json.loads(out.with_suffix(".json").read_text())
    assert (card["name"], card["architecture"]) == ("paper", "paper")
    assert card["network"] == {"canvas_px": 40, "width": 0.03, "pooling": "quadrant"}
    assert card["command"] == "narrowcast train paper --seed 2"
    assert card["git_revision"]
    training = card["training"]
    assert (training["method"], training["factors"]) == ("joint-oa", [3, 6])
    assert (training["sr_factor"], training["steps"], training["threads"]) == (6, 2, 1)
    assert training["config"]["sr_iterations"] == 2
    assert card["limits"].startswith("Narrow variant: width 0.03, 40-px canvas")
    assert {source["used_for"] for source in card["data"]} == {"training and figures"}
    figures = card["figures"]
    assert [(row["px"], row["qp"]) for row in figures["eval_clean"]] == [(48, None), (16, 30)]
    assert figures["eval_clean"][0]["mean_sigma"] is None
    assert figures["eval_clean"][0]["ccc_low"] <= figures["eval_clean"][0]["ccc"]
    assert [row["factor"] for row in figures["eval_clean_bicubic"]] == [3, 4, 6, 8, 12, 16]
    assert figures["macs_per_chip"] > 0

    reader, _ = models.load(str(out))
    chip = CodedChip(np.full((16, 16), 99, np.uint8), Coding(16, 30))
    assert np.isfinite(reader.read([chip])[0].valence)

    first = out.read_bytes()
    _train(*arguments)
    assert out.read_bytes() == first

    words = ["--faces", "ferplus", "--px", "16", "--model", str(out)]
    shown = CliRunner().invoke(evaluate, words, catch_exceptions=False)
    assert shown.exit_code == 0
    assert "paper on" in shown.output

    with pytest.raises(DataError, match="another configuration"):
        _train(*arguments, "--seed", 3)


def test_out_must_be_safetensors(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"does not end in \.safetensors"):
        _train("--out", tmp_path / "paper.pt")


def test_without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NARROWCAST_DATA", raising=False)
    with pytest.raises(DataError, match="NARROWCAST_DATA"):
        _train("--run", tmp_path, "--out", tmp_path / "paper.safetensors", *TINY)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--mixture", "5"), ("--canvas", "39"), ("--width", "0"), ("--width", "1.1"),
     ("--iterations", "0"), ("--sr-iterations", "0"), ("--sr-patch", "16"), ("--rate", "0")],
)  # fmt: skip
def test_what_is_refused(option: str, value: str) -> None:
    result = CliRunner().invoke(train, ["paper", option, value])
    assert result.exit_code == 2
    assert option in result.output

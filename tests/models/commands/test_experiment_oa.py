"""`narrowcast experiment ablation` and `memory` from the command line, on random faces."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from narrowcast_models import checkpoint
from narrowcast_models.coding import Coding
from narrowcast_models.commands.experiment import experiment
from narrowcast_models.evaluation import memory
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.training import ablation, card, recipe
from narrowcast_models.training.config import TrainConfig
from narrowcast_models.training.recipe import Recipe

SMALL = Recipe(
    "oa",
    (TrainConfig(network=OneForAllConfig(widths=(4, 6, 8), blocks=(1, 1, 1), condition_width=4)),),
)


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(experiment, [str(a) for a in arguments], catch_exceptions=False)


def test_an_ablation(ferplus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1. one variant  2. another beside it: the first is kept, and the table has both."""
    assert ferplus_folder.is_dir()
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(recipe, "OA", SMALL)
    codings = (Coding(16, None), Coding(8, None))
    monkeypatch.setattr(ablation.Ablation.__init__, "__defaults__", (codings,))
    out = tmp_path / "out"
    options = ("--run", tmp_path / "run", "--epochs", 2, "--threads", 1, "--out", out)
    made = _run("ablation", "--variants", "dedicated-8", *options)
    assert made.exit_code == 0, made.output
    before = (out / "dedicated-8.json").read_bytes()
    made = _run("ablation", "--variants", "dedicated-16", *options)
    assert made.exit_code == 0, made.output
    assert "from 2 cells" in made.output.replace("\n", " ")
    assert (out / "dedicated-8.json").read_bytes() == before
    cell = json.loads((out / "dedicated-16.json").read_text())
    assert (cell["config"]["epochs"], cell["config"]["targets"]["own"]) == (2, None)
    assert cell["calibration_faces"] + cell["test_faces"] + cell["train_faces"] == 480
    table = (out / "table.md").read_text()
    assert f"| dedicated-16 | {cell['figures'][0]['ccc']:.3f} |  |" in table


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--variants", "base,magic"), "'magic' is none of base, no-picture"),
        (("--epochs", "1"), "'--epochs'"),
    ],
)
def test_what_is_refused(options: tuple[str, ...], said: str) -> None:
    result = _run("ablation", *options)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_a_memory(
    ferplus_folder: Path,
    tiny_network: OneForAll,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ferplus_folder.is_dir()
    monkeypatch.setenv("COLUMNS", "200")
    codings = (Coding(16, None), Coding(8, 30))
    monkeypatch.setattr(memory.measure, "__defaults__", (codings,))
    weights = tmp_path / "tiny.safetensors"
    checkpoint.save(tiny_network, card.describe("tiny", tiny_network, {}, [], "-"), weights)
    out = tmp_path / "memory.json"
    options = ("--reels", 3, "--seconds", 2, "--model", weights, "--json", out)
    measured = _run("memory", *options)
    assert measured.exit_code == 0, measured.output
    assert "tiny on 3 reels of 2 s" in measured.output
    report = json.loads(out.read_text())
    assert (report["model"], report["reels"], report["frames"]) == ("tiny", 3, 150)
    assert report["segments"] >= 3
    assert report["reel"]["dissolve_share"] == 0
    assert [(row["px"], row["qp"]) for row in report["codings"]] == list(codings)
    first = out.read_bytes()
    _run("memory", *options)
    assert out.read_bytes() == first

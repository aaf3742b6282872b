"""`narrowcast experiment ablation` from the command line, on random faces."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from narrowcast_models.coding import Coding
from narrowcast_models.commands.experiment import experiment
from narrowcast_models.networks.one_for_all import OneForAllConfig
from narrowcast_models.training import ablation, recipe
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

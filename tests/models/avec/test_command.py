"""`narrowcast experiment avec`: one command from the challenge's folder to the figures."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from narrowcast_models import checkpoint
from narrowcast_models.commands.experiment_avec import avec
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.training import card
from narrowcast_shared.errors import DataError


@pytest.fixture
def weights(tiny_network: OneForAll, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    made = card.describe("tiny", tiny_network, {}, [], "none")
    checkpoint.save(tiny_network, made, path)
    return path


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(avec, [str(a) for a in arguments], catch_exceptions=False)


def test_a_table_and_a_json(root: Path, weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "avec.json"
    asked = ("--px", "16,8", "--qp", "36", "--delay", "auto", "--smooth", "0.4s", "--rescale")
    result = _run("--root", root, "--model", weights, *asked, "--json", out)
    assert result.exit_code == 0
    assert "tiny on AVEC 2016" in result.output
    assert "frames left out: none" in result.output
    report = json.loads(out.read_text())
    assert report["model"] == "tiny"
    codings = [(row["px"], row["qp"]) for row in report["codings"]]
    assert codings == [(16, 36), (8, 36)]
    for row in report["codings"]:
        assert len(row["figures"]) == len(row["as_read"]) == 20
        assert row["figures"][-1]["name"] == "dev"
        assert f"{row['figures'][-1]['rmse']:.3f}" in result.output
        assert row["median_window_s"] == 0.4
        assert len(row["left_out"]) == 18


def test_nothing_is_done_unasked(root: Path, weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "avec.json"
    _run("--root", root, "--model", weights, "--px", "8", "--json", out)
    (row,) = json.loads(out.read_text())["codings"]
    assert (row["delay_s"], row["median_window_s"]) == (0, 0)
    assert row["rescaling"] == {"scale": 1, "offset": 0}
    assert row["figures"] == row["as_read"]


def test_what_is_missing_is_said_before_anything_is_read(root: Path, weights: Path) -> None:
    (root / "bounding_boxes" / "dev_9.csv").unlink()
    with pytest.raises(DataError, match=r"dev_9\.csv: not there: docs/avec\.md"):
        _run("--root", root, "--model", weights)


@pytest.mark.parametrize("value", ["4", "soon", "0s", "-1s"])
def test_a_wrong_delay_is_named(root: Path, value: str) -> None:
    result = _run("--root", root, "--delay", value)
    assert result.exit_code == 2
    assert "Invalid value for '--delay'" in result.output

"""`narrowcast bench model`: models in turns, ratios, a JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from narrowcast_lab import model_bench
from narrowcast_lab.commands.bench import bench
from narrowcast_models import checkpoint, onnx_export
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_models.training import card
from narrowcast_shared.errors import WeightsError


def _network(width: int) -> OneForAll:
    config = OneForAllConfig(widths=(width, width), blocks=(1, 1), condition_width=4, features=4)
    return OneForAll(config).eval()


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.safetensors"
    network = _network(4)
    figures = card.describe("small", network, {}, [], "none")
    checkpoint.save(network, figures, path)
    onnx_export.export(str(path), None)
    return str(path)


def test_a_wider_network_costs_more() -> None:
    models = [("narrow", TorchRecogniser(_network(4))), ("wide", TorchRecogniser(_network(64)))]
    costs = model_bench.measure(models, (48, 16), (8, 1), 5)
    assert [(c.model, c.px, c.batch) for c in costs[:4]] == [
        ("narrow", 48, 8), ("narrow", 48, 1), ("narrow", 16, 8), ("narrow", 16, 1),
    ]  # fmt: skip
    by_case = {(c.model, c.px, c.batch): c for c in costs}
    assert by_case["wide", 48, 8].ms_per_chip > 2 * by_case["narrow", 48, 8].ms_per_chip
    assert by_case["narrow", 48, 1].ms_per_chip > by_case["narrow", 48, 8].ms_per_chip
    assert all(0 < c.ms_per_chip_least <= c.ms_per_chip for c in costs)


def test_a_table_and_a_json(small: str, tmp_path: Path) -> None:
    out = tmp_path / "cost.json"
    words = ["model", "--model", small, "--px", "16", "--batch", "4,1", "--rounds", "2"]
    result = CliRunner().invoke(bench, [*words, "--json", str(out)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "CPU time of a chip" in result.output
    report = json.loads(out.read_text())
    assert [(c["px"], c["batch"]) for c in report["costs"]] == [(16, 4), (16, 1)]


def test_a_model_nobody_has() -> None:
    with pytest.raises(WeightsError, match="no weights at"):
        CliRunner().invoke(bench, ["model", "--model", "nosuch"], catch_exceptions=False)


def test_two_precisions_are_two_cases(small: str, tmp_path: Path) -> None:
    out = tmp_path / "cost.json"
    words = ["model", "--model", small, "--px", "16", "--batch", "2", "--rounds", "1"]
    both = ["--precision", "torch", "--precision", "float32", "--json", str(out)]
    result = CliRunner().invoke(bench, [*words, *both], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text())
    assert report["precisions"] == ["torch", "float32"]
    assert [cost["model"] for cost in report["costs"]] == [f"{small} torch", f"{small} float32"]

"""`narrowcast evaluate`: a table and a JSON out of anybody's faces."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from narrowcast_models import checkpoint
from narrowcast_models.commands.evaluate import evaluate
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.emotions import EMOTIONS, VALENCES
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.training import card
from narrowcast_shared.errors import DataError, SettingsError, WeightsError


@pytest.fixture
def weights(tiny_network: OneForAll, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    made = card.describe("tiny", tiny_network, {}, [], "none")
    checkpoint.save(tiny_network, made, path)
    return path


@pytest.fixture
def faces_file(make_faces: Callable[..., LabelledFaces], tmp_path: Path) -> Path:
    faces = make_faces(30, side=40)
    path = tmp_path / "mine.npz"
    np.savez(path, images=faces.images, valence=faces.valence, keep=np.arange(30) < 20)
    return path


def _evaluate(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate, [str(a) for a in arguments], catch_exceptions=False)


def _cell(value: float) -> str:
    """A score as the table has it: -.123."""
    return f"{round(value, 3) + 0.0:.3f}".replace("0.", ".", 1)


def test_a_table_and_a_json(
    faces_file: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    out = tmp_path / "figures.json"
    grid = ("--px", "24, 8", "--qp", "none,30")
    result = _evaluate("--faces", faces_file, *grid, "--model", weights, "--json", out)
    assert result.exit_code == 0
    assert "tiny on 20 faces of mine" in result.output
    report = json.loads(out.read_text())
    assert (report["model"], report["faces"], report["count"]) == ("tiny", "mine", 20)
    assert len(report["sha256"]) == 64
    codings = [(row["px"], row["qp"]) for row in report["figures"]]
    assert codings == [(24, None), (24, 30), (8, None), (8, 30)]
    for row in report["figures"]:
        assert row["faces"] == 20
        assert -1 <= row["ccc_low"] <= row["ccc"] <= row["ccc_high"] <= 1
        assert row["rmse_low"] <= row["rmse"] <= row["rmse_high"]
        cell = f"{_cell(row['ccc'])} [{_cell(row['ccc_low'])} {_cell(row['ccc_high'])}]"
        assert cell in result.output
    assert report["intervals"]["level"] == 0.95
    assert "uncoded" in result.output, "the plot's legend"
    assert not list(tmp_path.glob("*.svg")), "nothing that was not asked for"


def test_a_plot(faces_file: Path, weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "ccc.svg"
    grid = ("--px", "8", "--qp", "none,30")
    result = _evaluate("--faces", faces_file, *grid, "--model", weights, "--plot", out)
    assert result.exit_code == 0
    svg = out.read_text()
    assert "tiny on 20 faces of mine" in svg
    assert svg.count("<polyline") == svg.count("<polygon") == 2
    assert "uncoded" not in result.output, "one size is no curve"
    assert not (tmp_path / "ccc.json").exists()


def test_a_plot_is_svg(faces_file: Path) -> None:
    with pytest.raises(SettingsError, match=r"does not end in \.svg"):
        _evaluate("--faces", faces_file, "--plot", "ccc.png")


def test_ferplus_means_eval_clean(ferplus_folder: Path, weights: Path) -> None:
    assert ferplus_folder.is_dir()
    result = _evaluate("--faces", "ferplus", "--px", "24", "--model", weights)
    assert result.exit_code == 0
    assert "faces of FER+" in result.output


@pytest.mark.parametrize(
    ("option", "value"),
    [("--px", "3"), ("--px", "97"), ("--px", ""), ("--px", "24,,8"), ("--px", "a"), ("--px", "²"),
     ("--px", "-8"), ("--qp", "52"), ("--qp", "None"), ("--qp", "30.5"), ("--qp", "")],
)  # fmt: skip
def test_a_wrong_list_is_named(faces_file: Path, option: str, value: str) -> None:
    result = _evaluate("--faces", faces_file, option, value)
    assert result.exit_code == 2
    assert f"Invalid value for '{option}'" in result.output
    assert "is no whole number" in result.output


def test_a_bad_file_is_one_clear_error(weights: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "none.npz", weights):
        with pytest.raises(DataError) as caught:
            _evaluate("--faces", path, "--model", weights)
        assert "\n" not in str(caught.value)


def test_no_such_model(faces_file: Path) -> None:
    with pytest.raises(WeightsError, match="no weights"):
        _evaluate("--faces", faces_file, "--model", "nosuch")


def test_a_json_that_cannot_be_written(faces_file: Path, weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "nowhere" / "figures.json"
    with pytest.raises(SettingsError, match="cannot be written"):
        _evaluate("--faces", faces_file, "--px", "8", "--model", weights, "--json", out)


def test_a_folder_of_images(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "faces"
    folder.mkdir()
    for index in range(3):
        image = np.full((40, 40), 50 + 60 * index, np.uint8)
        assert cv2.imwrite(str(folder / f"{index}.png"), image)
    (folder / "labels.csv").write_text("path,valence\n0.png,-0.5\n1.png,0\n2.png,0.5\n")
    result = _evaluate("--faces", folder, "--px", "16", "--model", weights)
    assert result.exit_code == 0
    assert "tiny on 3 faces of labels" in result.output
    assert "AUC" not in result.output


def test_faces_with_emotions_have_an_area(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    label = np.arange(20, dtype=np.uint8) % 3
    (tmp_path / "faces").mkdir()
    np.savez(
        tmp_path / "faces" / "lfw96.npz",
        images=rng.integers(0, 256, (20, 96, 96), dtype=np.uint8),
        person_id=np.arange(20),
        split=np.ones(20, np.uint8),
        label=label,
        label_names=np.array(EMOTIONS),
        valence=np.array(VALENCES, np.float32)[label],
    )
    monkeypatch.setenv("NARROWCAST_DATA", str(tmp_path))
    out = tmp_path / "lfw.json"
    result = _evaluate("--faces", "lfw", "--px", "12", "--model", weights, "--json", out)
    assert result.exit_code == 0
    assert "AUC: happiness against neutral" in result.output
    report = json.loads(out.read_text())
    assert "weak labels" in report["faces"]
    assert _cell(report["figures"][0]["auc"]) in result.output

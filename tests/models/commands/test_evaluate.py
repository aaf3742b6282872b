"""`narrowcast evaluate`: a table and a JSON out of anybody's faces."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from narrowcast_models import checkpoint
from narrowcast_models.commands.evaluate import evaluate
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.data.location import VARIABLE
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


def _noise(count: int, side: int = 32) -> np.ndarray:
    """Faces of noise, seeded."""
    return np.random.default_rng(3).integers(0, 256, (count, side, side), dtype=np.uint8)


def test_positive_faces_that_nobody_rated(weights: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "smiles.npz", tmp_path / "smiles.json"
    np.savez(path, images=_noise(40), positive=np.arange(40) % 4 == 0)
    grid = ("--px", "24,8")
    result = _evaluate("--faces", path, *grid, "--model", weights, "--json", out)
    assert result.exit_code == 0
    assert "AUC: positive against the others" in " ".join(result.output.split())
    assert "CCC" not in result.output, "neither in the table nor as a plot"
    for row in json.loads(out.read_text())["figures"]:
        assert row["ccc"] is row["rmse"] is row["ccc_low"] is row["coverage_90"] is None
        assert 0 <= row["auc_low"] <= row["auc"] <= row["auc_high"] <= 1


def test_faces_rated_and_positive(weights: Path, tmp_path: Path) -> None:
    """Of the masks only the faces that they let through, for both labels."""
    path, out = tmp_path / "both.npz", tmp_path / "both.json"
    positive = np.arange(20) < 5
    labels = {"valence": np.linspace(-0.8, 0.8, 20), "positive": positive.astype(np.int64)}
    np.savez(path, images=_noise(20), keep=np.arange(20) < 10, **labels)
    assert _evaluate("--faces", path, "--px", "8", "--model", weights, "--json", out).exit_code == 0
    (row,) = json.loads(out.read_text())["figures"]
    assert row["faces"] == 10
    assert row["ccc"] is not None
    assert row["auc"] is not None


@pytest.mark.parametrize(
    ("positive", "named"),
    [
        (np.arange(4), "holds more than 0 and 1"),
        (np.ones(4), r"positive is float64 \[4\]: bool"),
        (np.ones(3, bool), r"positive is bool \[3\]: bool"),
    ],
)
def test_positive_laid_out_otherwise(tmp_path: Path, positive: np.ndarray, named: str) -> None:
    np.savez(tmp_path / "mine.npz", images=_noise(4), positive=positive)
    with pytest.raises(DataError, match=named):
        _evaluate("--faces", tmp_path / "mine.npz")


def test_groups_by_themselves(weights: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "mine.npz", tmp_path / "mine.json"
    camera = np.array(["office", "", "car", "car", "office"] * 8)
    labels = {"valence": np.linspace(-0.8, 0.8, 40), "positive": np.arange(40) >= 25}
    np.savez(path, images=_noise(40), camera=camera, **labels)
    grid = ("--px", "24,8", "--groups", "camera")
    result = _evaluate("--faces", path, *grid, "--model", weights, "--json", out)
    assert result.exit_code == 0
    assert "tiny by camera" in result.output
    report = json.loads(out.read_text())
    assert report["groups"]["column"] == "camera"
    rows = report["groups"]["figures"]
    named = [(row["group"], row["px"], row["faces"]) for row in rows]
    assert named[:3] == [("car", 24, 16), ("office", 24, 16), ("(none)", 24, 8)]
    assert [px for _, px, _ in named] == [24] * 3 + [8] * 3
    for row in rows:
        for score in ("ccc", "auc", "positive_mean", "negative_mean"):
            assert row[f"{score}_low"] <= row[score] <= row[f"{score}_high"]
        assert _cell(row["auc"]) in result.output


def test_groups_of_a_table(weights: Path, tmp_path: Path) -> None:
    lines = ["path,valence,Age"]
    for index in range(12):
        assert cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((24, 24), 20 * index, np.uint8))
        lines.append(f"{index}.png,{index / 12:.2f},{18 + index}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    grid = ("--px", "8", "--groups", "Age")
    result = _evaluate("--faces", tmp_path, *grid, "--model", weights)
    assert result.exit_code == 0
    for name in ("18 to 21", "22 to 25", "26 to 29"):
        assert name in result.output


def test_a_column_that_is_not_there(faces_file: Path, ferplus_folder: Path, tmp_path: Path) -> None:
    assert ferplus_folder.is_dir()
    (tmp_path / "labels.csv").write_text("path,valence\n0.png,0\n")
    for faces in (faces_file, "ferplus", tmp_path / "labels.csv"):
        with pytest.raises(DataError, match=r"has no (array|column) 'nosuch'"):
            _evaluate("--faces", faces, "--groups", "nosuch")
    with pytest.raises(DataError, match=r"images is uint8 .* text or numbers \[N\] wanted"):
        _evaluate("--faces", faces_file, "--groups", "images")


@pytest.mark.data
@pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} names no data folder")
def test_the_london_set(tmp_path: Path) -> None:
    out = tmp_path / "london.json"
    words = ("--faces", "london", "--px", "48", "--groups", "face_age", "--json", out)
    assert _evaluate(*words).exit_code == 0
    report = json.loads(out.read_text())
    assert report["count"] == 204
    assert report["figures"][0]["auc"] > 0.9
    groups = [(row["group"], row["faces"]) for row in report["groups"]["figures"]]
    assert len(groups) == 4, "thirds, and two people whose age nobody knows"
    assert groups[3] == ("(none)", 4)
    assert sum(count for _, count in groups) == 204

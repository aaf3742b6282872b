"""`narrowcast bench moving`: tables, a JSON and a plot out of reels; what is refused."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from narrowcast_lab.commands.bench import bench
from narrowcast_shared.errors import DataError, SettingsError, SourceError

SMALL = ("--reels", "2", "--seconds", "1", "--px", "24,12", "--qp", "32,44")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def faces_file(tmp_path: Path) -> Path:
    """Twelve ramps, brighter or darker downwards as valence has it."""
    valence = np.linspace(-0.6, 0.8, 12, dtype=np.float32)
    ramp = np.linspace(-100, 100, 40)[None, :, None] * np.ones((1, 1, 40))
    images = (128 + valence[:, None, None] * ramp).astype(np.uint8)
    path = tmp_path / "mine.npz"
    np.savez(path, images=images, valence=valence)
    return path


def _moving(*arguments: object) -> Result:
    words = ["moving", *map(str, arguments)]
    return CliRunner().invoke(bench, words, catch_exceptions=False)


def test_reels_of_anybodys_faces(faces_file: Path, tmp_path: Path) -> None:
    out, plot = tmp_path / "moving.json", tmp_path / "moving.svg"
    result = _moving("--faces", faces_file, *SMALL, "--json", out, "--plot", plot)
    assert result.exit_code == 0, result.output
    assert "2 reels of mine, 50 frames" in " ".join(result.output.split())
    report = json.loads(out.read_text())
    assert report["model"] == "oa"
    assert len(report["sha256"]) == 64
    made = report["reels"]
    assert (made["faces"], made["chosen"], made["count"]) == ("mine", "mine.npz", 2)
    assert made["config"]["fps"] == 25
    rungs = [(row["px"], row["qp"]) for row in report["rungs"]]
    assert rungs == [(24, 32), (24, 44), (12, 32), (12, 44)]
    for row in report["rungs"]:
        assert row["frames"] == 50
        assert row["video_kbps"] > 0
        assert 0 <= row["labels"]["coverage_90"] <= 1
        assert f"{row['ccc_kept']:.3f}" in result.output
    assert report["uncoded"]["ccc_kept"] == 1
    assert len(report["asked"]) == 5
    assert ET.fromstring(plot.read_text()).tag.endswith("svg")


@pytest.fixture
def film_file(tmp_path: Path) -> Path:
    """A clip in which a picture moves to and fro, as `narrowcast chips` writes it."""
    picture = np.random.default_rng(1).integers(0, 256, (12, 12)).repeat(8, 0).repeat(8, 1)
    chips = [np.roll(picture, round(6 * np.sin(frame / 3)), axis=1) for frame in range(40)]
    path = tmp_path / "film.npz"
    np.savez(path, chips=np.stack(chips).astype(np.uint8), starts=np.array([0]))
    return path


def test_reels_that_move_by_film(faces_file: Path, film_file: Path, tmp_path: Path) -> None:
    reports = []
    for name, film in (("sway", ()), ("film", ("--film", film_file))):
        out = tmp_path / f"{name}.json"
        result = _moving("--faces", faces_file, *SMALL, *film, "--json", out)
        assert result.exit_code == 0, result.output
        reports.append(json.loads(out.read_text()))
    sway, film = reports
    assert sway["reels"]["film"] is None
    assert film["reels"]["film"] == "film.npz"
    assert film["reels"]["config"]["sway_shift"] == 0 < sway["reels"]["config"]["sway_shift"]
    assert film["rungs"] != sway["rungs"]


def test_film_without_motion_or_reels_is_refused(faces_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "stills.npz"
    np.savez(path, chips=np.zeros((3, 96, 96), np.uint8), starts=np.arange(3))
    with pytest.raises(DataError, match="no clip has 2 frames"):
        _moving("--faces", faces_file, *SMALL, "--film", path)
    with pytest.raises(DataError, match="is not there"):
        _moving("--faces", faces_file, *SMALL, "--film", tmp_path / "none.npz")
    result = _moving("--clips", tmp_path, "--film", path)
    assert result.exit_code == 2
    assert "name --reels" in result.output


def test_the_seed_decides(faces_file: Path, tmp_path: Path) -> None:
    reports, one = [], ("--reels", "1", "--seconds", "1", "--px", "12", "--qp", "32")
    for index, seed in enumerate((1, 1, 2)):
        out = tmp_path / f"{index}.json"
        result = _moving("--faces", faces_file, *one, "--seed", seed, "--json", out)
        assert result.exit_code == 0, result.output
        reports.append(json.loads(out.read_text())["rungs"])
    assert reports[0] == reports[1] != reports[2]


@pytest.mark.parametrize("both", [False, True])
def test_clips_or_reels(tmp_path: Path, both: bool) -> None:
    result = _moving(*(("--clips", tmp_path, "--reels", 2) if both else ()))
    assert result.exit_code == 2
    assert "either --clips or --reels" in result.output


@pytest.mark.parametrize("option", [("--px", "3"), ("--qp", "none"), ("--reels", "0")])
def test_a_wrong_value_is_named(option: tuple[str, str]) -> None:
    result = _moving("--reels", "2", *option)
    assert result.exit_code == 2
    assert f"Invalid value for '{option[0]}'" in result.output


def test_no_such_faces(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not there"):
        _moving("--faces", tmp_path / "none.npz", *SMALL)


def test_no_such_clip(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no file"):
        _moving("--clips", tmp_path / "none.mp4", "--px", "12", "--qp", "32")


def test_a_clip_of_a_folder_that_is_broken_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(bytes(range(256)))
    with pytest.raises(SourceError, match=r"broken\.mp4 is no video"):
        _moving("--clips", tmp_path, "--px", "12", "--qp", "32")


def test_a_plot_that_cannot_be_written(faces_file: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        _moving("--faces", faces_file, *SMALL, "--plot", tmp_path / "nowhere" / "m.svg")

"""`narrowcast rd`: a table, a JSON and a figure out of anybody's faces; what is refused."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from narrowcast_encoder.rate import table
from narrowcast_encoder.sources.sample import clip_path
from narrowcast_lab.commands.rd import rd
from narrowcast_models.coding import Coding
from narrowcast_models.recogniser import CodedChip, Recogniser
from narrowcast_shared.errors import DataError, SettingsError
from narrowcast_shared.resample import resample

SMALL = ("--reels", "6", "--seconds", "2", "--px", "24,12", "--qp", "28,44", "--lines", "16k,4k")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def faces_file(tmp_path: Path) -> Path:
    """Twelve drawn faces, labelled with what the model reads in them: it can only lose."""
    rows, columns = np.mgrid[:48, :48]
    images = np.full((12, 48, 48), 170, np.uint8)
    images[:, (abs(rows - 17) < 2) & (abs(abs(columns - 24) - 9) < 3)] = 40
    for image, smile in zip(images, np.linspace(-1, 1, 12), strict=True):
        mouth = 36 - smile * ((columns - 24) / 12) ** 2 * 6 + 3 * smile
        image[(abs(rows - mouth) < 1.6) & (abs(columns - 24) < 12)] = 30
    chips = [CodedChip(resample(image, 96), Coding(96, None)) for image in images]
    valence = [reading.valence for reading in Recogniser.load().read(chips)]
    path = tmp_path / "mine.npz"
    np.savez(path, images=images, valence=np.array(valence, np.float32))
    return path


def _rd(*arguments: object) -> Result:
    return CliRunner().invoke(rd, [str(word) for word in arguments], catch_exceptions=False)


def test_everything_that_it_writes(faces_file: Path, tmp_path: Path) -> None:
    out, shipped, figure = tmp_path / "rd.json", tmp_path / "table.json", tmp_path / "rd.svg"
    psnr, tables = tmp_path / "psnr.json", tmp_path / "tables"
    words = ("--faces", faces_file, *SMALL, "--json", out, "--table", shipped, "--figure", figure)
    result = _rd(*words, "--psnr-table", psnr)
    assert result.exit_code == 0, result.output
    assert "oa on 6 reels" in " ".join(result.output.split())
    written = json.loads(out.read_text())
    assert written["model"] == "oa"
    reels = written["footage"]["reels"]
    assert (reels["chosen"], reels["count"]) == ("mine.npz", 6)
    rungs = [(row["px"], row["qp"]) for row in written["rows"]]
    assert rungs == [(px, qp) for px in (24, 12) for qp in (28, 44)]
    for row in written["rows"]:
        assert [line["bps"] for line in row["lines"]] == [4_000, 16_000]
        assert all(-1 <= line["reels"] < 1.5 for line in row["lines"])
    loaded = table.load(shipped)
    assert loaded.source.weights_sha256 == written["weights_sha256"]
    assert loaded.rates_bps == (4_000, 16_000)
    assert table.load(psnr).rates_bps == loaded.rates_bps
    assert ET.fromstring(figure.read_text()).tag.endswith("svg")
    assert _rd(*words, "--leave-one-out", tables).exit_code == 2


def test_film_has_a_table_for_each_clip_that_is_left_out(tmp_path: Path) -> None:
    clip = tmp_path / "smile.mp4"
    clip.symlink_to(clip_path())
    grid = ("--px", "32", "--qp", "36", "--lines", "8k", "--rounds", "1")
    result = _rd("--clip", "sample", "--clip", clip, *grid, "--leave-one-out", tmp_path / "tables")
    assert result.exit_code == 0, result.output
    for name in ("sample", "smile"):
        assert table.load(tmp_path / "tables" / f"{name}.json").source.footage["left_out"]


@pytest.mark.parametrize(
    ("option", "fault"),
    [
        (("--lines", "8k,0"), "'0'"),
        (("--lines", "fast"), "'fast'"),
        (("--rounds", "0"), "not in the range"),
        (("--px", "97"), "whole number from 4 to 96"),
        (("--qp", "none"), "no whole number"),
        (("--reels", "0"), "not in the range"),
    ],
)
def test_a_wrong_value_is_named(option: tuple[str, str], fault: str) -> None:
    result = _rd(*option)
    assert result.exit_code == 2
    assert f"Invalid value for '{option[0]}'" in result.output
    assert fault in " ".join(result.output.split())


@pytest.mark.parametrize("option", ["--json", "--table", "--psnr-table", "--figure"])
def test_a_folder_that_is_not_there_is_told_before_the_work(tmp_path: Path, option: str) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        _rd("--faces", tmp_path / "never-read.npz", option, tmp_path / "nowhere" / "file.svg")


def test_reels_move_by_film(faces_file: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (12, 12)).repeat(8, 0).repeat(8, 1)
    chips = np.stack([np.roll(picture, frame % 5, axis=1) for frame in range(30)])
    path, out = tmp_path / "film.npz", tmp_path / "rd.json"
    np.savez(path, chips=chips.astype(np.uint8), starts=np.array([0]))
    result = _rd("--faces", faces_file, *SMALL, "--film", path, "--json", out)
    assert result.exit_code == 0, result.output
    assert json.loads(out.read_text())["footage"]["reels"]["film"] == "film.npz"


def test_no_such_faces(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not there"):
        _rd("--faces", tmp_path / "none.npz", *SMALL)

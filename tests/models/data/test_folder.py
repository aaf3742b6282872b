"""Anybody's image files and their CSV: read, or refused with the line that is wrong."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from narrowcast_models.data import choice, folder
from narrowcast_shared.errors import DataError
from narrowcast_shared.resample import resample


def _image(path: Path, shape: tuple[int, ...], value: int = 100) -> np.ndarray:
    rng = np.random.default_rng(value)
    image = rng.integers(0, value, shape, dtype=np.uint8)
    path.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return image


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text("path,valence,who\na.png,-1,anna\nfaces/b.png, 0.25 ,bert\n")
    _image(tmp_path / "a.png", (48, 48), 50)
    _image(tmp_path / "faces" / "b.png", (48, 48), 200)
    return path


def test_faces(table: Path) -> None:
    for given in (table, table.parent):
        faces = folder.load(given)
        assert faces.name == "mine"
        assert faces.images.shape == (2, 48, 48)
        assert faces.images[0].max() < 50 < faces.images[1].max()
        assert faces.valence.tolist() == [-1, 0.25]
        assert faces.valence.dtype == np.float32
        assert choice.load(str(given)).valence.tolist() == [-1, 0.25]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(table: Path, delimiter: str) -> None:
    table.write_text(table.read_text().replace(",", delimiter))
    assert folder.load(table).valence.tolist() == [-1, 0.25]


def test_an_absolute_path_and_a_quoted_one(table: Path) -> None:
    image = _image(table.parent / "a, b.png", (48, 48))
    table.write_text(f'VALENCE,Path\n1,{table.parent / "a.png"}\n0,"a, b.png"\n')
    assert np.array_equal(folder.load(table).images[1], image)


def test_colour_is_read_gray(table: Path) -> None:
    colour = np.zeros((48, 48, 3), np.uint8)
    colour[..., 1] = 200
    assert cv2.imwrite(str(table.parent / "a.png"), colour)
    assert folder.load(table).images[0, 0, 0] == round(0.587 * 200)


def test_mixed_sides_become_chips_of_96_px(table: Path) -> None:
    small = _image(table.parent / "a.png", (40, 40))
    large = _image(table.parent / "faces" / "b.png", (200, 200))
    faces = folder.load(table)
    assert faces.images.shape == (2, 96, 96)
    assert np.array_equal(faces.images[0], resample(small, 96))
    assert np.array_equal(faces.images[1], resample(large, 96))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "has no header"),
        ("path,valence\n", "names no face"),
        ("file,valence\na.png,0\n", "no column 'path'.*it has file, valence"),
        ("path,value\na.png,0\n", "no column 'valence'"),
        ("path,valence\na.png,0\nno.png,0\n", "mine.csv, line 3: .*no.png cannot be read"),
        ("path,valence\n\nfaces,0\n", "line 3: .*faces cannot be read"),
        ("path,valence\nmine.csv,0\n", "line 2: .*mine.csv is no image"),
        ("path,valence\nempty.png,0\n", "line 2: .*empty.png is no image"),
        ("path,valence\nwide.png,0\n", "line 2: .*wide.png is 60x40 px, not square: crop it"),
        ("path,valence\na.png,happy\n", "line 2: valence 'happy' is no number"),
        ("path,valence\na.png,\n", "line 2: valence is missing"),
        ("path,valence\na.png,nan\n", "line 2: valence is missing"),
        ("path,valence\na.png,1e999\n", "line 2: valence '1e999' is not finite"),
        ("path,valence\na.png,7\n", "line 2: valence is 7: scale it"),
        ("path,valence\na.png\n", "line 2: 1 cells in 2 columns"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(table: Path, text: str, named: str) -> None:
    _image(table.parent / "wide.png", (40, 60))
    (table.parent / "empty.png").touch()
    table.write_text(text)
    with pytest.raises(DataError, match=named):
        folder.load(table)


def test_a_folder_of_none_or_two(table: Path) -> None:
    with pytest.raises(DataError, match="faces holds 0 CSV files"):
        folder.load(table.parent / "faces")
    (table.parent / "other.csv").touch()
    with pytest.raises(DataError, match="holds 2 CSV files: name the one"):
        folder.load(table.parent)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv is not there"):
        choice.load(str(tmp_path / "none.csv"))


def test_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="no text in UTF-8"):
        folder.load(path)

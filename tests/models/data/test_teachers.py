"""What public recognisers say of faces, as the loader gives it, and files that are otherwise."""

import os
from pathlib import Path

import numpy as np
import pytest

from narrowcast_models.data import ferplus, lfw, teachers
from narrowcast_models.data.location import VARIABLE
from narrowcast_models.emotions import EMOTIONS
from narrowcast_shared.errors import DataError

HUMAN = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
FACEAPI = ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised")


def _table() -> dict[str, np.ndarray]:
    """Three faces of FER+ and two of LFW; each sure of one emotion, in the order of the columns."""
    sure = np.eye(7, dtype=np.float16) * 0.9
    return {
        "human_names": np.array(HUMAN),
        "faceapi_names": np.array(FACEAPI),
        "ferplus_human": sure[:3],
        "ferplus_faceapi": sure[2:5],
        "lfw_human": sure[5:],
        "lfw_faceapi": np.full((2, 7), 1 / 7, np.float16),
    }


def _save(folder: Path, monkeypatch: pytest.MonkeyPatch, table: dict[str, np.ndarray]) -> None:
    monkeypatch.setenv(VARIABLE, str(folder))
    (folder / "faces").mkdir()
    np.savez(folder / "faces" / "teachers.npz", **table)  # type: ignore[arg-type]


def test_each_column_gets_its_emotion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _save(tmp_path, monkeypatch, _table())
    read = teachers.load()
    said = {
        (faces, by): [EMOTIONS[index] for index in shares.argmax(axis=1)]
        for faces, table in read._asdict().items()
        for by, shares in table.items()
    }
    assert said["ferplus", "human"] == ["anger", "disgust", "fear"]
    assert said["ferplus", "faceapi"] == ["sadness", "anger", "fear"]
    assert said["lfw", "human"] == ["surprise", "neutral"]
    for table in (read.ferplus, read.lfw):
        for shares in table.values():
            assert shares.dtype == np.float32
            assert shares.shape[1] == len(EMOTIONS)
            assert shares.sum(axis=1) == pytest.approx(1, abs=1e-6), (
                "rounded halves are made up for"
            )
            assert (shares[:, EMOTIONS.index("contempt")] == 0).all()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"human_names": np.array([*HUMAN[:-1], "calm"])}, "unknown emotion 'calm'"),
        ({"lfw_faceapi": np.zeros((2, 8), np.float16)}, r"outputs \[2, 8\]"),
        ({"lfw_human": np.zeros(7, np.float16)}, r"outputs \[7\]"),
    ],
)
def test_laid_out_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, np.ndarray], named: str
) -> None:
    _save(tmp_path, monkeypatch, _table() | changed)
    with pytest.raises(DataError, match=named):
        teachers.load()


def test_an_array_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = _table()
    del table["lfw_human"]
    _save(tmp_path, monkeypatch, table)
    with pytest.raises(DataError, match="no array 'lfw_human'"):
        teachers.load()


@pytest.mark.data
@pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} names no data folder")
def test_the_real_file_is_in_the_order_of_the_faces() -> None:
    """It agrees with people: other rows would be at chance, which is a third."""
    read = teachers.load()
    for faces, table in ((ferplus.load().train, read.ferplus), (lfw.load().train, read.lfw)):
        assert faces.rows is not None
        for shares in table.values():
            top = shares[faces.rows].argmax(axis=1)
            assert (faces.showing("happiness")[top == EMOTIONS.index("happiness")]).mean() > 0.7

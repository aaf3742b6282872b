"""LFW as its loader gives it, and what it says of a file that is laid out otherwise."""

import os
from pathlib import Path

import numpy as np
import pytest

from narrowcast_models.data import choice, lfw
from narrowcast_models.data.location import VARIABLE
from narrowcast_models.emotions import EMOTIONS, VALENCES
from narrowcast_shared.errors import DataError


@pytest.mark.data
@pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} names no data folder")
def test_real_faces() -> None:
    splits = lfw.load()
    assert [len(faces) for faces in splits] == [5742, 735]
    for faces in splits:
        assert faces.images.shape[1:] == (96, 96)
        assert "weak" in faces.name
        assert faces.emotion is not None
        assert np.array_equal(faces.valence, np.array(VALENCES, np.float32)[faces.emotion])
        either = faces.showing("happiness") | faces.showing("neutral")
        assert 0.9 < either.mean() < 1
        mean = faces.images.mean(axis=0)
        assert np.corrcoef(mean.ravel(), mean[:, ::-1].ravel())[0, 1] > 0.95
    assert np.array_equal(choice.load("lfw").images, splits.validation.images)


def _table() -> dict[str, np.ndarray]:
    label = np.array([0, 1, 1, 0], np.uint8)
    return {
        "images": np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((1, 96, 96), np.uint8),
        "person_id": np.array([7, 8, 7, 9]),
        "split": np.array([0, 1, 0, 1], np.uint8),
        "label": label,
        "label_names": np.array(EMOTIONS),
        "valence": np.array(VALENCES, np.float32)[label],
    }


def _save(folder: Path, monkeypatch: pytest.MonkeyPatch, table: dict[str, np.ndarray]) -> None:
    monkeypatch.setenv(VARIABLE, str(folder))
    (folder / "faces").mkdir()
    np.savez(folder / "faces" / "lfw96.npz", **table)  # type: ignore[arg-type]


def test_splits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _save(tmp_path, monkeypatch, _table())
    train, validation = lfw.load()
    assert train.images[:, 0, 0].tolist() == [0, 2]
    assert validation.images[:, 0, 0].tolist() == [1, 3]
    assert train.showing("happiness").tolist() == [False, True]
    assert validation.showing("neutral").tolist() == [False, True]
    assert not validation.showing("fear").any()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"person_id": np.array([7, 7, 7, 9])}, "a person in training and in validation"),
        ({"label_names": np.array(EMOTIONS[::-1])}, "names other emotions"),
        ({"images": np.zeros((4, 48, 48), np.uint8)}, r"images are \[4, 48, 48\]"),
    ],
)
def test_laid_out_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, np.ndarray], named: str
) -> None:
    _save(tmp_path, monkeypatch, _table() | changed)
    with pytest.raises(DataError, match=named):
        lfw.load()


def test_no_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(DataError, match=f"set {VARIABLE} to the folder"):
        choice.load("lfw")

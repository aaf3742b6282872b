"""Anybody's npz of faces: masks honoured, and one clear error for what is wrong with it."""

from pathlib import Path

import numpy as np
import pytest

from narrowcast_models.data import npz
from narrowcast_shared.errors import DataError

IMAGES = np.arange(4 * 5 * 5, dtype=np.uint8).reshape(4, 5, 5)
VALENCE = np.array([-1, -0.5, 0.5, 1])
ALL = np.ones(4, bool)


def _saved(folder: Path, **arrays: object) -> Path:
    path = folder / "mine.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_faces(tmp_path: Path, dtype: type[np.floating]) -> None:
    faces = npz.load(_saved(tmp_path, images=IMAGES, valence=VALENCE.astype(dtype), other=[1]))
    assert faces.name == "mine"
    assert np.array_equal(faces.images, IMAGES)
    assert faces.valence.dtype == np.float32
    assert faces.valence.tolist() == VALENCE.tolist()
    assert faces.shares is None


def test_masks(tmp_path: Path) -> None:
    keep, clean = np.array([1, 1, 0, 1], bool), np.array([0, 1, 1, 1], bool)
    for masks, rows in (
        ({"keep": keep}, [0, 1, 3]),
        ({"eval_clean": clean}, [1, 2, 3]),
        ({"keep": keep, "eval_clean": clean}, [1, 3]),
    ):
        faces = npz.load(_saved(tmp_path, images=IMAGES, valence=VALENCE, **masks))
        assert np.array_equal(faces.images, IMAGES[rows])
        assert faces.valence.tolist() == VALENCE[rows].tolist()


def test_an_unlabelled_face_may_be_masked_out(tmp_path: Path) -> None:
    valence = np.array([np.nan, 0, 0, 0])
    with pytest.raises(DataError, match="not finite"):
        npz.load(_saved(tmp_path, images=IMAGES, valence=valence))
    assert len(npz.load(_saved(tmp_path, images=IMAGES, valence=valence, keep=valence == 0))) == 3


@pytest.mark.parametrize(
    ("arrays", "named"),
    [
        ({"valence": VALENCE}, "no array 'images'"),
        ({"images": IMAGES}, "no array 'valence'"),
        ({"images": IMAGES.astype(float), "valence": VALENCE}, "images are float64"),
        ({"images": IMAGES[..., :4], "valence": VALENCE}, r"images are uint8 \[4, 5, 4\]"),
        ({"images": IMAGES[..., None], "valence": VALENCE}, "images are"),
        ({"images": IMAGES[0], "valence": VALENCE}, "images are"),
        ({"images": IMAGES, "valence": VALENCE[:3]}, r"valence is float64 \[3\]"),
        ({"images": IMAGES, "valence": np.arange(4)}, "valence is int64"),
        ({"images": IMAGES, "valence": np.array(["a"] * 4)}, "valence is"),
        ({"images": IMAGES, "valence": VALENCE, "keep": ALL[:3]}, "keep is bool"),
        ({"images": IMAGES, "valence": VALENCE, "eval_clean": VALENCE}, "eval_clean is float64"),
        ({"images": IMAGES, "valence": VALENCE, "keep": ~ALL}, "holds no face"),
        ({"images": IMAGES[:0], "valence": VALENCE[:0]}, "holds no face"),
        ({"images": IMAGES[:, :0, :0], "valence": VALENCE}, "holds no face"),
        ({"images": IMAGES, "valence": np.array([None] * 4)}, "no npz file"),  # would unpickle
    ],
)
def test_laid_out_otherwise(tmp_path: Path, arrays: dict[str, object], named: str) -> None:
    with pytest.raises(DataError, match=named):
        npz.load(_saved(tmp_path, **arrays))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not there"):
        npz.load(tmp_path / "none.npz")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"PK\x03\x04" + bytes(100), b"text\n"])
def test_no_npz(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(data)
    with pytest.raises(DataError, match="no npz file, or a damaged one"):
        npz.load(path)


def test_a_bare_array_and_a_folder(tmp_path: Path) -> None:
    np.save(tmp_path / "bare.npy", IMAGES)
    for path in (tmp_path / "bare.npy", tmp_path):
        with pytest.raises(DataError, match="no npz file"):
            npz.load(path)


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9])
def test_truncated(tmp_path: Path, cut: float) -> None:
    path = _saved(tmp_path, images=IMAGES, valence=VALENCE)
    path.write_bytes(path.read_bytes()[: int(cut * path.stat().st_size)])
    with pytest.raises(DataError, match="damaged"):
        npz.load(path)


def test_a_byte_changed(tmp_path: Path) -> None:
    path = _saved(tmp_path, images=IMAGES, valence=VALENCE)
    data = bytearray(path.read_bytes())
    data[data.find(IMAGES.tobytes()[:50]) + 10] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="damaged"):
        npz.load(path)

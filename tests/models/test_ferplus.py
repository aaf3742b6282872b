"""FER+ as its loader gives it, and what it says where the files are not there or not whole."""

import os
from pathlib import Path

import numpy as np
import pytest

from narrowcast_models.data import ferplus
from narrowcast_models.data.location import VARIABLE
from narrowcast_models.emotions import EMOTIONS, VALENCES
from narrowcast_shared.errors import DataError

NEEDS_DATA = [
    pytest.mark.data,
    pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} names no data folder"),
]


@pytest.fixture(scope="module")
def splits() -> ferplus.FerPlusSplits:
    return ferplus.load()


class TestRealFaces:
    pytestmark = NEEDS_DATA

    def test_counts(self, splits: ferplus.FerPlusSplits) -> None:
        assert len(splits.train) + len(splits.dev) == 28_221
        assert 1200 < len(splits.dev) < 1600
        assert len(splits.eval_clean) == 3198

    def test_faces(self, splits: ferplus.FerPlusSplits) -> None:
        for faces in splits:
            assert faces.images.shape[1:] == (48, 48)
            assert faces.images.dtype == np.uint8
            assert 20 < faces.images.std(axis=(1, 2)).mean() < 90
            # Faces: the mean one is symmetric, noise or a wrong order of tiles would not be.
            mean = faces.images.mean(axis=0)
            assert np.corrcoef(mean.ravel(), mean[:, ::-1].ravel())[0, 1] > 0.95

    def test_labels(self, splits: ferplus.FerPlusSplits) -> None:
        """The valence in the file is the expectation of the shares over our prototypes."""
        for faces in splits:
            assert faces.shares is not None
            assert faces.shares.shape == (len(faces), len(EMOTIONS))
            assert np.allclose(faces.shares.sum(axis=1), 1, atol=1e-6)
            expected = faces.shares @ np.array(VALENCES, np.float32)
            assert np.abs(expected - faces.valence).max() < 1e-5

    def test_no_near_duplicate_is_on_both_sides(self, splits: ferplus.FerPlusSplits) -> None:
        seen = {image.tobytes() for image in splits.train.images}
        for faces in (splits.dev, splits.eval_clean):
            assert not any(image.tobytes() in seen for image in faces.images)


def test_no_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(DataError, match=f"set {VARIABLE} to the folder"):
        ferplus.load()


def test_an_empty_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(DataError, match=f"is not there: check {VARIABLE}"):
        ferplus.load()


class TestSmallFolder:
    """A generated folder of FER+'s layout, whole and then spoilt."""

    @pytest.fixture(autouse=True)
    def _folder(self, ferplus_folder: Path) -> None:
        self.table = ferplus_folder / "faces" / "ferplus48.npz"
        self.mosaic = ferplus_folder / "faces" / "ferplus48.webp"

    def test_whole(self) -> None:
        splits = ferplus.load()
        assert min(len(faces) for faces in splits) > 0
        assert len(splits.train) > len(splits.dev)

    @pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"text"])
    def test_a_damaged_table(self, data: bytes) -> None:
        self.table.write_bytes(data)
        with pytest.raises(DataError, match="damaged"):
            ferplus.load()

    def test_a_column_is_missing(self) -> None:
        np.savez(self.table, usage=np.zeros(3))
        with pytest.raises(DataError, match="has no array"):
            ferplus.load()

    def test_a_damaged_mosaic(self) -> None:
        self.mosaic.write_bytes(b"RIFF")
        with pytest.raises(DataError, match="no image"):
            ferplus.load()

    def test_a_mosaic_of_too_few_faces(self) -> None:
        with np.load(self.table) as archive:
            doubled = {name: np.concatenate([archive[name]] * 2) for name in archive.files}
        np.savez(self.table, **doubled)
        with pytest.raises(DataError, match="no mosaic of 1280 faces"):
            ferplus.load()

"""Which files belong to a recording, and what is said where they are not there."""

from pathlib import Path

import pytest

from narrowcast_models.data.avec import layout
from narrowcast_shared.errors import DataError


def test_all_are_found(root: Path) -> None:
    found = layout.find(root)
    assert [files.name for files in found] == list(layout.RECORDINGS)
    assert [files.partition for files in found] == ["train"] * 9 + ["dev"] * 9
    suffixes = [files.ratings.suffix for files in found[:4]]
    assert suffixes == [".csv", ".arff", ".csv", ".arff"]


def test_what_is_missing_is_named(root: Path) -> None:
    (root / "recordings_video" / "train_3.mp4").unlink()
    (root / "ratings_gold_standard" / "valence" / "dev_2.arff").unlink()
    with pytest.raises(DataError) as caught:
        layout.find(root)
    assert "train_3.mp4" in str(caught.value)
    assert "dev_2.arff" in str(caught.value)
    assert "more" not in caught.value.problem


def test_a_long_list_is_cut(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train_1\.mp4.* and 49 more files: not there"):
        layout.find(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no folder"):
        layout.find(tmp_path / "nowhere")


def test_boxes_elsewhere(root: Path, tmp_path: Path) -> None:
    elsewhere = (root / "bounding_boxes").rename(tmp_path / "mine")
    assert layout.find(root, elsewhere)[0].boxes == elsewhere / "train_1.csv"
    with pytest.raises(DataError, match="bounding_boxes"):
        layout.find(root)

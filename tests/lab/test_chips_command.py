"""`narrowcast chips`: a file of chips as training reads it, and what is said where none is made."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from narrowcast_encoder.detection import make_detector
from narrowcast_lab import real_clips
from narrowcast_lab.commands.chips import chips
from narrowcast_models.training import film
from narrowcast_shared.errors import DataError, SettingsError, SourceError


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(chips, [str(a) for a in arguments], catch_exceptions=False)


def test_a_file_that_training_reads(tmp_path: Path) -> None:
    """1. two clips and a picture without a face  2. arrays as documented, chips as live
    3. it is loaded as film.
    """
    faceless, out = tmp_path / "no_face.png", tmp_path / "film.npz"
    assert cv2.imwrite(str(faceless), np.full((96, 128, 3), 90, np.uint8))
    made = _run("sample", faceless, "sample", "--out", out)
    assert made.exit_code == 0, made.output
    assert "left out: no_face.png (no face is seen)" in made.output
    assert f"wrote {out}: 400 chips of 2 clips" in made.output
    with np.load(out, allow_pickle=False) as table:
        assert set(table.files) == {"chips", "starts", "names", "fps"}
        assert table["chips"].dtype == np.uint8
        assert table["starts"].dtype == np.int64
        assert table["starts"].tolist() == [0, 200]
        assert table["names"].tolist() == ["sample", "sample"]
        assert table["fps"] == 25
        (clip,) = real_clips.load([Path("sample")], make_detector(), 25)
        assert np.array_equal(table["chips"], np.concatenate([clip.chips] * 2))
    assert film.load(out).chips.shape == (400, 96, 96)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


@pytest.mark.parametrize(
    ("source", "error", "said"),
    [
        ("nosuch.mp4", SourceError, "there is no file"),
        ("no_face.png", DataError, "no face is seen in no_face.png"),
        ("empty", SourceError, "holds no video file"),
    ],
)
def test_what_was_there_stays_where_nothing_is_made(
    tmp_path: Path, source: str, error: type[Exception], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    assert cv2.imwrite(str(tmp_path / "no_face.png"), np.full((96, 128, 3), 90, np.uint8))
    out = tmp_path / "film.npz"
    out.write_bytes(b"older")
    with pytest.raises(error, match=said):
        _run(tmp_path / source, "--out", out)
    assert out.read_bytes() == b"older"


def test_a_file_that_cannot_be_written_is_told_first(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        _run("nosuch.mp4", "--out", tmp_path / "nosuch" / "film.npz")


def test_without_clips_or_out() -> None:
    for arguments, missing in ((("--out", "film.npz"), "CLIP"), (("sample",), "--out")):
        made = _run(*arguments)
        assert made.exit_code == 2
        assert missing in made.output

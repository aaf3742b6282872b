"""Boxes by frame, by time and by both."""

from pathlib import Path

import pytest

from narrowcast_models.data.avec import boxes
from narrowcast_models.data.avec.boxes import Box, Boxes
from narrowcast_shared.errors import DataError

FACE = Box(1, 2, 130, 120)


def _read(folder: Path, text: str) -> Boxes:
    path = folder / "dev_1.csv"
    path.write_text(text)
    return boxes.read(path)


def test_by_frame(tmp_path: Path) -> None:
    """The time is the video's."""
    read = _read(tmp_path, "frame;x;y;w;h\n0;1;2;130;120\n2;;;;\n3;0;0;0;0\n4;nan;nan;nan;nan\n")
    assert read.at(0, 0.5) == (0.5, FACE)
    assert read.at(0, None) == (None, FACE)
    for frame in (1, 2, 3, 4):
        assert read.at(frame, 0.5) == (0.5, None)


def test_by_time(tmp_path: Path) -> None:
    read = _read(tmp_path, "frametime,x,y,w,h\n0.08,9,9,9,9\n0.04,1,2,130,120\n,1,2,3,4\n")
    assert read.at(77, 0.041) == (0.04, FACE)
    assert read.at(77, 0.06) == (0.04, FACE)
    assert read.at(77, 0.0) == (0.0, None)
    assert read.at(77, 0.11) == (0.11, None)
    assert read.at(1, None) == (None, None)


def test_by_both_a_frame_without_a_time_has_none(tmp_path: Path) -> None:
    read = _read(
        tmp_path, "frame\tframetime\tx\ty\tw\th\n0\t0.00\t1\t2\t130\t120\n1\t\t1\t2\t3\t4\n"
    )
    assert read.at(0, 99.0) == (0.0, FACE)
    assert read.at(1, 0.04) == (None, (1, 2, 3, 4))
    assert read.at(2, 0.08) == (0.08, None)


def test_the_longer_side() -> None:
    assert FACE.long_side == 130


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("frame;x;y;w;h\n", "names no box"),
        ("x;y;w;h\n1;2;3;4\n", "no column 'frametime'"),
        ("frame;x;y;w\n0;1;2;3\n", "no column 'h'"),
        ("frame;x;y;w;h\n0;1;2;3;4\n0;1;2;3;4\n", "line 3: this frame has a box already"),
        ("frame;x;y;w;h\n1.5;1;2;3;4\n", "line 2: frame 1.5 is no whole number"),
        ("frame;x;y;w;h\n-1;1;2;3;4\n", "line 2: frame -1 is no whole number"),
        ("frame;x;y;w;h\n;1;2;3;4\n", "line 2: frame is missing"),
        ("frame;x;y;w;h\n0;1;2;wide;4\n", "line 2: w 'wide' is no number"),
        ("frame;x;y;w;h\n0;1;2;3\n", "line 2: 4 cells in 5 columns"),
    ],
)
def test_a_spoilt_table(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(DataError, match=named):
        _read(tmp_path, text)

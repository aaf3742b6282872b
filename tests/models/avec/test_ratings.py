"""The gold standard, from ARFF and CSV alike, and shifted by the raters' delay."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_models.data.avec import ratings
from narrowcast_models.data.avec.layout import RecordingFiles
from narrowcast_models.data.avec.ratings import Ratings
from narrowcast_shared.errors import DataError

ARFF = """% a comment
@RELATION 'GOLDSTANDARD valence'
@ATTRIBUTE 'Instance_name' STRING
@attribute frameTime real
@attribute GoldStandard NUMERIC
@DATA

% another
'train, 1',0.00,-0.5
"train 1", 0.04, 0.25
train_1,0.08,1e-1
"""


def _read(folder: Path, text: str, name: str = "train_1.arff") -> Ratings:
    path = folder / name
    path.write_text(text)
    return ratings.read(path)


def test_arff(tmp_path: Path) -> None:
    read = _read(tmp_path, ARFF)
    assert read.times_s.tolist() == [0, 0.04, 0.08]
    assert read.values.tolist() == [-0.5, 0.25, 0.1]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv(tmp_path: Path, delimiter: str) -> None:
    text = "\ufefftime, GoldStandard\n0,-0.5\n\n0.04,0.25\n".replace(",", delimiter)
    read = _read(tmp_path, text, "train_1.csv")
    assert read.times_s.tolist() == [0, 0.04]
    assert read.values.tolist() == [-0.5, 0.25]


def test_both_forms_of_the_generated_tree(files_of: Callable[[str], RecordingFiles]) -> None:
    for name in ("dev_1", "dev_2"):
        read = ratings.read(files_of(name).ratings)
        assert len(read.times_s) == 76
        assert np.diff(read.times_s) == pytest.approx(0.04)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("@DATA", "", "line 9: this is no line of an ARFF header"),
        ("@ATTRIBUTE 'Instance_name' STRING", "@attribute a {x,y}", "line 3: only numeric"),
        ("@attribute GoldStandard NUMERIC", "", "line 9: 3 cells in 2 columns"),
        ("GoldStandard", "other", "no column 'goldstandard'"),
        ("frameTime", "other", "no column 'frametime'"),
        ("1e-1", "?", "line 11: goldstandard is missing"),
        ("1e-1", "high", "line 11: goldstandard 'high' is no number"),
        ("1e-1", "inf", "line 11: goldstandard 'inf' is not finite"),
        ("0.08", "0.04", "line 11: this time is not after"),
        ("train_1,0.08,1e-1", "train_1,0.08", "line 11: 2 cells in 3 columns"),
    ],
)
def test_a_spoilt_arff(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in ARFF
    with pytest.raises(DataError, match=named):
        _read(tmp_path, ARFF.replace(old, new))


@pytest.mark.parametrize(
    ("text", "name", "named"),
    [
        ("", "a.arff", "no @data line"),
        (ARFF.partition("@DATA")[0], "a.arff", "no @data line"),
        (ARFF.partition('"train 1"')[0], "a.arff", "holds 1 ratings"),
        ("", "a.csv", "no header"),
        ("time,goldstandard\n", "a.csv", "holds 0 ratings"),
    ],
)
def test_a_file_of_too_little(tmp_path: Path, text: str, name: str, named: str) -> None:
    with pytest.raises(DataError, match=named):
        _read(tmp_path, text, name)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.arff").write_bytes(b"\xff\xfe\x00")
    for name, named in (("a.arff", "UTF-8"), ("none.csv", "is not there")):
        with pytest.raises(DataError, match=named):
            ratings.read(tmp_path / name)


def test_covers() -> None:
    gold = Ratings(np.array([0, 0.04, 0.08]), np.zeros(3))
    within = [gold.covers(time_s) for time_s in (-0.03, -0.02, 0, 0.05, 0.1, 0.11)]
    assert within == [False, True, True, True, True, False]


def test_nearest_and_held_at_the_ends() -> None:
    gold = Ratings(np.array([0, 0.04, 0.08]), np.array([1.0, 2, 3]))
    assert gold.at(np.array([-1, 0.019, 0.021, 0.05, 7])).tolist() == [1, 1, 2, 2, 3]
    assert gold.at(np.array([0, 0.04, 0.08]), 0.04).tolist() == [2, 3, 3]


SERIES = st.lists(st.floats(-1, 1), min_size=2, max_size=60).map(np.array)


@given(SERIES, st.integers(0, 70))
def test_a_delay_and_back(values: np.ndarray, steps: int) -> None:
    """All comes back but the start, where nothing earlier is; past the end the last holds."""
    times_s, delay_s = 0.04 * np.arange(len(values)), 0.04 * steps
    earlier = Ratings(times_s, values).at(times_s, delay_s)
    steps = min(steps, len(values) - 1)
    assert earlier[: len(values) - steps].tolist() == values[steps:].tolist()
    assert (earlier[len(values) - steps :] == values[-1]).all()
    back = Ratings(times_s, earlier).at(times_s, -delay_s)
    assert back[steps:].tolist() == values[steps:].tolist()

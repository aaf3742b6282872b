"""Which faces belong together, by a column of text or numbers."""

import numpy as np
import pytest

from narrowcast_models.evaluation.groups import masks


@pytest.mark.parametrize(
    ("column", "groups"),
    [
        (np.array(["b", "a", " b ", ""]), {"a": [1], "b": [0, 2], "(none)": [3]}),
        (np.array([True, False, True]), {"False": [1], "True": [0, 2]}),
        (np.array([10, 9, 10]), {"9": [1], "10": [0, 2]}),
        (np.array(["10", "9", "NA"]), {"9": [1], "10": [0], "(none)": [2]}),
        (np.array([0.5, np.nan]), {"0.5": [0], "(none)": [1]}),
        (np.array(["", "nan"]), {"(none)": [0, 1]}),
        (
            np.arange(30, 21, -1),
            {"22 to 24": [6, 7, 8], "25 to 27": [3, 4, 5], "28 to 30": [0, 1, 2]},
        ),
        # Most are of one age: two groups only.
        (np.array([20] * 20 + list(range(21, 29))), {"20": range(20), "21 to 28": range(20, 28)}),
    ],
)
def test_groups(column: np.ndarray, groups: dict[str, list[int]]) -> None:
    found = masks(column)
    assert list(found) == list(groups)
    for name, rows in groups.items():
        assert np.flatnonzero(found[name]).tolist() == list(rows)

"""docs/alignment.md: its table is the format of the stream, and its Python does what it says."""

import re
from typing import Any

import numpy as np

from narrowcast_client.lsl import ABOVE_REST, CHANNELS, STATUS_CODES

from .test_docs import ROOT, blocks

TEXT = (ROOT / "docs" / "alignment.md").read_text()


def test_the_table_names_every_channel_with_its_unit() -> None:
    table = TEXT.split("| channel | unit | what |\n")[1].split("\n\n")[0]
    listed = []
    for line in table.splitlines()[1:]:
        names, units, _ = line.strip("| ").split(" | ")
        labels = re.findall(r"`(\w+)`", names)
        each = units.split(", ") if ", " in units else [units] * len(labels)
        listed += list(zip(labels, each, strict=True))
    assert listed == [(c.label, c.unit) for c in CHANNELS + ABOVE_REST]


def test_the_status_codes_are_those_of_the_stream() -> None:
    line = next(line for line in TEXT.splitlines() if line.startswith("| `status` |"))
    told = {name: int(code) for code, name in re.findall(r"(\d) `(\w+)`", line)}
    assert told == {status.value: code for status, code in STATUS_CODES.items()}


def test_columns_of_a_recording() -> None:
    """A stream as pyxdf gives it: lists around everything, late samples behind later ones."""
    labels = [{"label": [c.label]} for c in CHANNELS]
    stream = {
        "info": {"desc": [{"channels": [{"channel": labels}]}]},
        "time_series": np.array([[row * 10.0 + place for place in range(8)] for row in range(3)]),
        "time_stamps": np.array([5.0, 7.0, 6.0]),
    }
    names: dict[str, Any] = {}
    for block in blocks(TEXT, "python"):
        exec(compile(block, "alignment.md", "exec"), names)
    columns = names["columns"](stream)
    assert columns["stamp"].tolist() == [5, 6, 7]
    assert columns["id"].tolist() == [0, 20, 10]
    assert columns["valence"].tolist() == [1, 21, 11]

"""The tables, the chart and the JSON of moving clips."""

import json
import xml.etree.ElementTree as ET

import pytest
from rich.console import Console

from narrowcast_models.evaluation import moving_report
from narrowcast_models.evaluation.moving_figures import LabelFigures, MovingFigures

LABELS = LabelFigures(0.8, 0.91, 0.3, (0.1, 0.12, 0.15, 0.2, 0.31))
UNCODED = MovingFigures(96, None, None, None, 1.0, 500, None)
FINE = MovingFigures(96, 36, 9.5, 0.041, 0.985, 500, None)
WASTE = MovingFigures(48, 24, 9.9, 0.043, 0.91, 500, None)
COARSE = MovingFigures(16, 36, 1.1, 0.005, 0.61, 500, None)
RUNGS = [FINE, WASTE, COARSE]


def _printed(renderable: object) -> str:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def test_the_frontier_is_marked() -> None:
    text = _printed(moving_report.table(UNCODED, RUNGS, "oa on clips"))
    assert "oa on clips" in text
    assert "0.985*" in text
    assert "0.610*" in text
    assert "0.910*" not in text
    assert "1.000*" not in text
    assert "keyframe left out" in " ".join(text.split())
    assert "90 %" not in text


def test_labels_bring_their_columns() -> None:
    rows = [row._replace(labels=LABELS) for row in (UNCODED, FINE)]
    text = _printed(moving_report.table(rows[0], rows[1:], "t"))
    assert "91.0%" in text
    assert "0.10 0.12 0.15 0.20 0.31" in text


def test_what_is_asked_beside_what_is_kept() -> None:
    lines = _printed(moving_report.asked_table(RUNGS)).splitlines()
    rows = [line.replace("│", " ").split() for line in lines if "│" in line]
    assert rows[0] == ["10.5", "0.98", "0.985", "96,", "36", "9.50"]
    assert rows[1] == ["5.8", "0.96", "0.610", "16,", "36", "1.10"]
    assert len(rows) == 5


def test_nothing_under_a_rate() -> None:
    text = _printed(moving_report.asked_table([FINE]))
    assert text.count(" - ") == 12


def test_the_json_holds_everything() -> None:
    rungs = [row._replace(labels=LABELS) for row in RUNGS]
    report = json.loads(json.dumps(moving_report.as_json(UNCODED, rungs)))
    assert [(row["px"], row["qp"]) for row in report["rungs"]] == [(96, 36), (48, 24), (16, 36)]
    assert report["rungs"][0]["labels"]["coverage_90"] == 0.91
    assert report["uncoded"]["labels"] is None
    assert report["uncoded"]["video_kbps"] is None
    assert [(row["px"], row["video_kbps"]) for row in report["frontier"]] == [(16, 1.1), (96, 9.5)]
    assert report["asked"][0] == {
        "kbps": 10.5,
        "kept": 0.98,
        "best": {"px": 96, "qp": 36, "video_kbps": 9.5, "ccc_kept": 0.985},
    }
    assert report["asked"][4]["best"]["px"] == 16


def test_the_chart_names_the_frontier_the_sizes_and_what_is_asked() -> None:
    root = ET.fromstring(moving_report.chart(RUNGS, "oa on clips"))
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert words[-5:] == ["frontier", "96 px", "48 px", "16 px", "asked"]
    runs = list(root.iter("{http://www.w3.org/2000/svg}polyline"))
    assert len(runs) == 4, "what is asked is not joined"
    assert len((runs[0].get("points") or "").split()) == 2


def test_no_rate_no_chart() -> None:
    with pytest.raises(ValueError, match="no rung has a rate"):
        moving_report.chart([FINE._replace(video_kbps=None)], "t")

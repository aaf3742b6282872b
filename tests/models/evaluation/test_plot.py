"""CCC by size as SVG and in the terminal."""

import xml.etree.ElementTree as ET

import pytest

from narrowcast_models.evaluation import plot
from narrowcast_models.evaluation.sizes import Figures

SVG = "{http://www.w3.org/2000/svg}"


def _row(px: int, qp: int | None, ccc: float, half: float | None = None) -> Figures:
    row = Figures(px, qp, ccc, ccc, 0.3, 0.9, 0.2, 10)
    return row if half is None else row._replace(ccc_low=ccc - half, ccc_high=ccc + half)


FIGURES = [_row(48, None, 0.8, 0.1), _row(48, 30, 0.7, 0.1), _row(8, None, 0.5, 0.2),
           _row(8, 30, 0.4, 0.2)]  # fmt: skip


def _places(element: ET.Element) -> list[tuple[float, float]]:
    places = [place.split(",") for place in (element.get("points") or "").split()]
    return [(float(x), float(y)) for x, y in places]


def test_a_line_a_quantiser_with_its_band() -> None:
    root = ET.fromstring(plot.svg(FIGURES, "oa on faces"))
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert words[0] == "oa on faces"
    assert {"8", "48", "px", "CCC", "uncoded", "QP 30"} <= set(words)
    lines = [_places(line) for line in root.iter(f"{SVG}polyline")]
    bands = [_places(band) for band in root.iter(f"{SVG}polygon")]
    assert len(lines) == len(bands) == 2
    for line, band in zip(lines, bands, strict=True):
        (small, low), (large, high) = line  # the smaller size, of smaller CCC, to the left
        assert small < large
        assert low > high, "y grows downwards"
        assert [x for x, _ in band] == [small, large, large, small]
        assert band[0][1] - low == pytest.approx(low - band[3][1], abs=0.2)
        assert band[0][1] - band[3][1] == pytest.approx(2 * (band[1][1] - band[2][1]), abs=0.4)


def test_one_size_has_a_whisker() -> None:
    (band,) = ET.fromstring(plot.svg(FIGURES[:1], "t")).iter(f"{SVG}polygon")
    (x, low), (same, high) = _places(band)
    assert x == same
    assert low > high


def test_no_band_without_all_of_its_intervals() -> None:
    svg = plot.svg([_row(48, None, 0.8, 0.1), _row(8, None, 0.5)], "t")
    assert "<polygon" not in svg
    assert svg.count("<polyline") == 1


def test_in_the_terminal() -> None:
    shown = plot.drawn(FIGURES)
    lines = shown.plain.splitlines()
    assert len(lines) == plot.TERMINAL_LINES
    assert max(map(len, lines)) <= plot.TERMINAL_COLUMNS
    assert "uncoded" in shown.plain
    assert "QP 30" in shown.plain
    assert lines[-2].split() == ["8", "48"]
    assert len({span.style for span in shown.spans}) >= 2, "told apart by colour"


def test_drawn_anew_each_time() -> None:
    """plotext keeps what was drawn before, unless it is told not to."""
    assert plot.drawn(FIGURES[:1]).plain != plot.drawn(FIGURES).plain
    assert plot.drawn(FIGURES).plain == plot.drawn(FIGURES).plain

"""The SVG chart: points where they belong, ticks around them, text escaped."""

import xml.etree.ElementTree as ET

import pytest

from narrowcast_models.evaluation.line_chart import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    Line,
    line_chart,
)

SVG = "{http://www.w3.org/2000/svg}"


def _points(svg: str) -> list[list[tuple[float, float]]]:
    lines = ET.fromstring(svg).iter(f"{SVG}polyline")
    runs = [(line.get("points") or "").split() for line in lines]
    return [[(float(x), float(y)) for x, y in (p.split(",") for p in run)] for run in runs]


def test_corners() -> None:
    svg = line_chart("t", [Line("a", ((0, 0), (10, 1)))], Axis("x"), Axis("y"))
    assert _points(svg) == [[(LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, TOP)]]


def test_octaves_are_as_far_apart_on_a_logarithmic_axis() -> None:
    points = ((1, 0), (2, 0), (4, 1))
    ((a, b, c),) = _points(line_chart("t", [Line("a", points)], Axis("x", True), Axis("y")))
    assert b[0] - a[0] == pytest.approx(c[0] - b[0], abs=0.2)


@pytest.mark.parametrize("values", [(0.31, 0.77), (-0.2, 0.9), (5, 5), (1000, 1000), (1200, 43000)])
@pytest.mark.parametrize("logarithmic", [False, True])
def test_everything_is_inside(values: tuple[float, float], logarithmic: bool) -> None:
    if logarithmic and min(values) <= 0:
        values = (0.001, 0.9)
    lines = [Line("a", tuple((v, v) for v in values))]
    for run in _points(line_chart("t", lines, Axis("x", logarithmic), Axis("y", logarithmic))):
        for x, y in run:
            assert LEFT <= x <= WIDTH - RIGHT
            assert TOP <= y <= HEIGHT - BOTTOM


def test_logarithmic_ticks_are_round() -> None:
    svg = line_chart("t", [Line("a", ((0.0037, 0), (0.09, 1)))], Axis("x", True), Axis("y"))
    words = [text.text for text in ET.fromstring(svg).iter(f"{SVG}text")]
    assert words[1:7] == ["0.002", "0.005", "0.01", "0.02", "0.05", "0.1"]


def test_text_is_escaped() -> None:
    root = ET.fromstring(line_chart("a < b & c", [Line("<i>", ((0, 0),))], Axis("x"), Axis("y")))
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert words[0] == "a < b & c"
    assert words[-1] == "<i>"


def test_a_band_around_its_line() -> None:
    """There along the low bounds, back along the high ones; the axis has room for both."""
    line = Line("a", ((0, 0.5), (1, 0.5)), ((0, 0.75), (0.25, 1)))
    svg = line_chart("t", [line], Axis("x"), Axis("y"))
    (band,) = ET.fromstring(svg).iter(f"{SVG}polygon")
    left, right, bottom, top = LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM, TOP
    quarter = (bottom - top) / 4
    corners = ((left, bottom), (right, bottom - quarter), (right, top), (left, top + quarter))
    assert band.get("points") == " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def test_no_band_without_bounds() -> None:
    svg = line_chart("t", [Line("a", ((0, 0), (1, 1)))], Axis("x"), Axis("y"))
    assert "polygon" not in svg


def test_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="needs a point"):
        line_chart("t", [Line("a", ())], Axis("x"), Axis("y"))


def test_dots_alone() -> None:
    joined, apart = Line("a", ((0, 0), (1, 1))), Line("b", ((0, 1), (1, 0)), joined=False)
    root = ET.fromstring(line_chart("t", [joined, apart], Axis("x"), Axis("y")))
    assert len(list(root.iter(f"{SVG}polyline"))) == 1
    assert len(list(root.iter(f"{SVG}circle"))) == 2 + 2 + 1, "and one in the legend"


def test_a_line_alone() -> None:
    svg = line_chart("t", [Line("a", ((0, 0), (10, 1)), dots=False)], Axis("x"), Axis("y"))
    assert _points(svg) == [[(LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, TOP)]]
    assert "<circle" not in svg


def test_lines_of_one_colour_differ_in_their_dashes() -> None:
    lines = [Line(str(index), ((0, index), (1, index))) for index in range(9)]
    groups = list(ET.fromstring(line_chart("t", lines, Axis("x"), Axis("y"))).iter(f"{SVG}g"))
    assert groups[8].get("stroke") == groups[0].get("stroke")
    assert groups[0].get("stroke-dasharray") is None
    assert groups[8].get("stroke-dasharray") is not None

"""The still figure: well-formed, escaped, things where they belong."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC

from narrowcast_client.report.section import MOST_MARKS, describe
from narrowcast_client.report.series import Source
from narrowcast_client.report.svg import LEFT, RIGHT, WIDTH
from narrowcast_shared.marks import Mark

from .made import UNIX_T, Frame, series, steady

SVG = "{http://www.w3.org/2000/svg}"


def figure(
    frames: list[Frame], marks: tuple[Mark, ...] = (), start_t: float = UNIX_T
) -> ET.Element:
    source = Source("anna", "a.csv", series(frames, start_t), marks=marks)
    return ET.fromstring(describe(source, UTC).figure)


def groups(svg: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in svg.iter() if name in (one.get("class") or "").split()]


def test_a_line_from_edge_to_edge_at_the_height_of_its_value() -> None:
    svg = figure([*steady(5, -1.0), *steady(5, 1.0, start_s=5)])
    (line,) = [one for one in groups(svg, "valence") if "line" in (one.get("class") or "")]
    points = [
        (float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", line.get("d") or "")
    ]
    assert points[0][0] == LEFT
    assert points[-1][0] == WIDTH - RIGHT
    top, bottom = points[-1][1], points[0][1]
    assert bottom - top == 190  # from +1 to -1


def test_nothing_read_is_still_a_figure() -> None:
    svg = figure([Frame(0, ".", wire_bps=None), Frame(1, ".", wire_bps=None)])
    assert len(groups(svg, "no_face")) == 1
    assert [one.get("d") for one in groups(svg, "valence")] == [""]


def test_marks_are_escaped_within_the_time_and_not_too_many() -> None:
    marks = [Mark(id=1, t=UNIX_T + 3, text="<script>alert('x')</script> & \"more\"")]
    marks += [Mark(id=2, t=UNIX_T - 5, text="before"), Mark(id=3, t=UNIX_T + 99, text="after")]
    svg = figure(steady(10, 0.3), tuple(marks))
    (drawn,) = groups(svg, "mark")
    assert "".join(drawn.itertext()).startswith("<script>")  # as text, not as an element
    assert not list(svg.iter(f"{SVG}script"))
    many = tuple(Mark(id=n, t=UNIX_T + n / 10, text="m") for n in range(1, 90))
    assert len(groups(figure(steady(10, 0.3), many), "mark")) == MOST_MARKS


def test_two_time_axes_where_there_is_clock_time_and_one_where_there_is_none() -> None:
    live = [(one.get("class"), one.get("display")) for one in groups(figure(steady(9, 0)), "time")]
    assert live == [("time since", None), ("time clock", "none")]
    scored = groups(figure(steady(9, 0), start_t=0.0), "time")
    assert [one.get("class") for one in scored] == ["time since"]


def test_a_lone_frame_is_a_figure() -> None:
    assert figure([Frame(0, 0.5)]).tag == f"{SVG}svg"

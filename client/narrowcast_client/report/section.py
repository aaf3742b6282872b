"""Everything that a report says of one series, computed; how it is written is the template's."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

from narrowcast_client.report import svg, time_axis
from narrowcast_client.report.card import CardFound, Expected, ModelCard, expected, find_card
from narrowcast_client.report.events import Events, find_events
from narrowcast_client.report.interactive import payload
from narrowcast_client.report.link import Link, RungUse, link_quality
from narrowcast_client.report.missing import Missing, find_missing
from narrowcast_client.report.panels import panels
from narrowcast_client.report.series import Series, Source
from narrowcast_client.report.svg import TimeLabels, TimeMark
from narrowcast_client.report.timeline import Timeline, timeline
from narrowcast_client.report.tracks import Tracks, thin
from narrowcast_client.report.valence import Shares, Summary, shares, summarise
from narrowcast_shared.errors import DataError
from narrowcast_shared.see import See

STILL_COLUMNS = 700
"""Of the figure that is printed: about one a pixel."""

ZOOM_COLUMNS = 4000
"""Of the figure that is zoomed into: some 400 kB a series at most."""

MOST_DAYS = 31
"""Series are averaged to seconds. A clock that is set while it records may leave years."""

_DAY_S = 86_400

MOST_RUNGS = 12
MOST_MARKS = 30
"""Drawn; the table has them all."""


class Rung(NamedTuple):
    """A rung that was used, and what its model's card leads to expect of it."""

    use: RungUse
    expected: Expected | None


class AboveRest(NamedTuple):
    """Of what was read above the person's rest. What rest was learned from counts as unknown."""

    summary: Summary
    shares: Shares


class Section(NamedTuple):
    """Of one series.

    other_rungs: the share of time of those that are not listed. column_s, zoom_column_s: what a
    point of the still figure and of the one to zoom into stands for; None where it is a frame.
    other_marks: how many there are of before the first frame, or after the last.
    zone: that times of day are written in. figure: SVG. payload: what the page's script draws the
    same from.
    """

    source: Source
    zone: tzinfo
    duration_s: float
    summary: Summary | None
    shares: Shares
    above_rest: AboveRest | None
    events: Events
    link: Link
    missing: Missing
    found: CardFound
    rungs: tuple[Rung, ...]
    other_rungs: float
    marks: tuple[TimeMark, ...]
    other_marks: int
    figure: str
    column_s: float | None
    zoom_column_s: float | None
    payload: dict[str, Any]

    @property
    def card(self) -> ModelCard | None:
        return self.found.card

    @property
    def series(self) -> Series:
        return self.source.series


def describe(source: Source, zone: tzinfo) -> Section:
    """The section of a series; times of day are of `zone`.

    Raises DataError where it is too long.
    """
    series = source.series
    _check_duration(source)
    line = timeline(series)
    link = link_quality(series, line)
    found = find_card(source.model)
    marks = _marks(source, line)
    still, zoomed = (thin(series, line, most) for most in (STILL_COLUMNS, ZOOM_COLUMNS))
    return Section(
        source,
        zone,
        line.duration_s,
        summarise(series, line),
        shares(series, line),
        _above_rest(series),
        find_events(series, line),
        link,
        find_missing(series, line),
        found,
        _rungs(link, found.card),
        sum(use.share for use in link.rungs[MOST_RUNGS:]),
        marks,
        len(source.marks) - len(marks),
        svg.draw(
            panels(still),
            still.strip,
            _drawn(marks),
            _labels(series, line, zone),
            f"Valence, size, quantiser, wire rate and latency of {source.name} over time",
        ),
        still.column_s,
        zoomed.column_s,
        _payload(series, zoomed, marks, zone),
    )


def _check_duration(source: Source) -> None:
    days = float(source.series.at_s[-1]) / _DAY_S
    if days > MOST_DAYS:
        raise DataError(
            f"{source.name} has {days:,.0f} days from its first frame to its last",
            f"--from and --to choose {MOST_DAYS} at most; the encoder's clock may have been set",
            see=See.REPORT,
        )


def _above_rest(series: Series) -> AboveRest | None:
    above = series.above_rest()
    if above is None:
        return None
    line = timeline(above)
    summary = summarise(above, line)
    return None if summary is None else AboveRest(summary, shares(above, line))


def _rungs(link: Link, card: ModelCard | None) -> tuple[Rung, ...]:
    return tuple(
        Rung(use, expected(card, use.px, use.qp) if card else None)
        for use in link.rungs[:MOST_RUNGS]
    )


def _marks(source: Source, line: Timeline) -> tuple[TimeMark, ...]:
    """Those within the time of the series, in order of time."""
    marks = (TimeMark(mark.t - source.series.start_t, mark.text) for mark in source.marks)
    return tuple(sorted(mark for mark in marks if 0 <= mark.at_s <= line.duration_s))


def _drawn(marks: Sequence[TimeMark]) -> list[TimeMark]:
    return list(marks[:MOST_MARKS])


def _labels(series: Series, line: Timeline, zone: tzinfo) -> list[TimeLabels]:
    since = TimeLabels(
        "since", "time since the first frame, min:s", time_axis.ticks_since(line.duration_s)
    )
    if not series.has_clock_time:
        return [since]
    ticks = time_axis.ticks_of_day(series.start_t, line.duration_s, zone)
    title = f"time of day, from {time_axis.date(series.start_t, zone)}"
    return [since, TimeLabels("clock", title, ticks)]


def _payload(
    series: Series, tracks: Tracks, marks: Sequence[TimeMark], zone: tzinfo
) -> dict[str, Any]:
    start_t = series.start_t if series.has_clock_time else None
    offset_s = 0.0 if start_t is None else time_axis.offset_s(start_t, zone)
    return payload(panels(tracks), tracks.strip, marks, start_t, offset_s)

"""All values of one series in a report, computed; the template formats them."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

from narrowcast_client.report import svg, text
from narrowcast_client.report.card import CardFound, Expected, ModelCard, expected, find_card
from narrowcast_client.report.events import Events, Missing, find_events, find_missing
from narrowcast_client.report.link import Link, RungUse, link_quality
from narrowcast_client.report.panels import TimeMark, panels, payload
from narrowcast_client.report.series import Series, Source
from narrowcast_client.report.svg import TimeLabels
from narrowcast_client.report.timeline import Timeline, timeline
from narrowcast_client.report.tracks import Tracks, thin
from narrowcast_client.report.valence import Shares, Summary, shares, summarise
from narrowcast_shared.errors import DataError
from narrowcast_shared.see import See

STILL_COLUMNS = 700
"""Of the printed figure: about one per pixel."""

ZOOM_COLUMNS = 4000
"""Of the figure with zoom: at most about 400 kB per series."""

MOST_DAYS = 31
"""Series are averaged to seconds. A clock that was set during the recording may leave years."""

_DAY_S = 86_400

MOST_RUNGS = 12
MOST_MARKS = 30
"""Drawn markers; the table lists all."""


class Rung(NamedTuple):
    """An operating point that was used, and the figures of the model's card for it."""

    use: RungUse
    expected: Expected | None


class AboveRest(NamedTuple):
    """Of the baseline-corrected valence. The time that rest was learned from counts as unknown."""

    summary: Summary
    shares: Shares


class Section(NamedTuple):
    """One series.

    other_rungs: share of time of the operating points that are not listed. column_s,
    zoom_column_s: the time that a point of the printed and of the zoomable figure stands for; None
    where it is a frame. other_marks: number of markers before the first frame or after the last.
    zone: of times of day. figure: SVG. payload: the data of the same figure for the page's script.
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

    Raises DataError where the series is too long.
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
            marks[:MOST_MARKS],
            _labels(series, line, zone),
            f"Valence, size, quantiser, bitrate and latency of {source.name} over time",
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
    """The markers within the time of the series, in order of time."""
    marks = (TimeMark(mark.t - source.series.start_t, mark.text) for mark in source.marks)
    return tuple(sorted(mark for mark in marks if 0 <= mark.at_s <= line.duration_s))


def _labels(series: Series, line: Timeline, zone: tzinfo) -> list[TimeLabels]:
    since = TimeLabels(
        "since", "time since the first frame, min:s", text.ticks_since(line.duration_s)
    )
    if not series.has_clock_time:
        return [since]
    ticks = text.ticks_of_day(series.start_t, line.duration_s, zone)
    title = f"time of day, from {text.date(series.start_t, zone)}"
    return [since, TimeLabels("clock", title, ticks)]


def _payload(
    series: Series, tracks: Tracks, marks: Sequence[TimeMark], zone: tzinfo
) -> dict[str, Any]:
    start_t = series.start_t if series.has_clock_time else None
    offset_s = 0.0 if start_t is None else text.offset_s(start_t, zone)
    return payload(panels(tracks), tracks.strip, marks, start_t, offset_s)

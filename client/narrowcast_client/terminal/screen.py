"""The whole drawing, as a pure function of the history, the texts around it and a size."""

import textwrap
from typing import NamedTuple

from rich.console import Group
from rich.text import Text

from narrowcast_client.terminal.history import (
    LABELS,
    History,
    above_rest,
    latency,
    operating_point,
    sigma,
    valence,
    wire_rate,
)
from narrowcast_client.terminal.plot import (
    MARGIN,
    MIN_LINES,
    SHAPES,
    STYLES,
    draw_plot,
    draw_strip,
    large_digits,
)
from narrowcast_shared.samples import Sample, Status

POSITIVE, NEGATIVE, DIM = "bright_cyan", "bright_magenta", "bright_black"

_MIN_WIDTH = 24
_BIG_WIDTH = 56
_BIG_LINES = 16
_BIG_COLUMNS = 19  # of "+0.42", and a gap


class Caption(NamedTuple):
    """The text around the series: its session, decoder and state, and a message."""

    session: str
    url: str
    state: str
    notice: tuple[str, ...] = ()
    rest: str = ""
    """The person's rest, or how much of it has been learned; empty without a baseline."""


def draw(history: History, caption: Caption, width: int, height: int) -> Group:
    """At most `height` lines of at most `width` columns; parts that do not fit are left out."""
    width = max(width, _MIN_WIDTH)
    if caption.notice and not history.total:
        return _group(
            [_header(caption, width), Text(), *_notice_alone(caption, width)], width, height
        )
    roomy = width >= _BIG_WIDTH and height >= _BIG_LINES
    head = [_header(caption, width), *(_big_value if roomy else _small_value)(history, width)]
    foot = [_legend(history, width), _facts(history, width), _notice(caption)]
    foot = foot if height >= len(head) + len(foot) else foot[1:2]
    foot += [_rest(history, caption, width)] if caption.rest else []
    left = height - len(head) - len(foot) - 1
    body = _body(history, width, left) if left >= MIN_LINES else []
    return _group(head + body + foot, width, height)


def _group(lines: list[Text], width: int, height: int) -> Group:
    kept = lines[: max(height, 1)]
    for line in kept:
        line.no_wrap = True
        line.truncate(width, overflow="crop")
    return Group(*kept)


def _header(caption: Caption, width: int) -> Text:
    left = Text.assemble((caption.session or "narrowcast", "bold"), "  ", (caption.state, DIM))
    gap = width - left.cell_len - len(caption.url)
    return left.append(" " * gap + caption.url, DIM) if gap > 1 else left


def _small_value(history: History, width: int) -> list[Text]:
    read = history.newest_read
    line = Text(f"{valence(read)} {sigma(read):<6} ", _style(read)).append_text(_status(history))
    line.append(" ").append_text(_bar(read, width - line.cell_len - 1))
    return [line]


def _big_value(history: History, width: int) -> list[Text]:
    """Five lines: an empty one, the value with its bar and scale, an empty one."""
    read = history.newest_read
    shown = large_digits(valence(read) if read else " - - ")
    bar_width = width - _BIG_COLUMNS
    beside = [
        Text(sigma(read), DIM).append("  ").append_text(_status(history)),
        _bar(read, bar_width),
        _scale(bar_width),
    ]
    lines = [
        Text(row.ljust(_BIG_COLUMNS), _style(read)).append_text(more)
        for row, more in zip(shown, beside, strict=True)
    ]
    return [Text(), *lines, Text()]


def _style(read: Sample | None) -> str:
    if read is None or read.valence is None:
        return DIM
    return f"bold {POSITIVE if read.valence >= 0 else NEGATIVE}"


def _status(history: History) -> Text:
    if history.newest is None:
        return Text("no sample yet", DIM)
    return Text(LABELS[history.newest.status], STYLES[history.newest.status])


def _bar(read: Sample | None, width: int) -> Text:
    """Solid from 0 to the valence, shaded within one sigma of it."""
    width = max(3, width) | 1  # odd: 0 is in the middle of a column
    zero = width // 2
    if read is None or read.valence is None:
        return Text("─" * zero + "┼" + "─" * zero, DIM)
    value, spread = zero * (1 + read.valence), zero * (read.sigma or 0.0)
    bar = Text()
    for column in range(width):
        inside = min(zero, value) <= column + 0.5 * (column < zero) <= max(zero, value)
        near = abs(column - value) <= spread
        char = "┼" if column == zero else "█" if inside else "░" if near else "─"
        bar.append(char, _style(read) if char in "█░" else DIM)
    return bar


def _scale(width: int) -> Text:
    """The scale under the bar."""
    width = max(3, width) | 1
    half = width // 2
    left, right = "-1 negative", "positive +1"
    if half < len(left) + 1:
        return Text("")
    return Text(f"{left}{' ' * (half - len(left))}0{' ' * (half - len(right))}{right}", DIM)


def _body(history: History, width: int, lines: int) -> list[Text]:
    """The plot and, under it on the same time axis, the strip."""
    samples = history.window()
    strip = Text(" " * MARGIN).append_text(draw_strip(samples, history.window_s, width - MARGIN))
    return [*draw_plot(samples, history.window_s, width, lines), strip]


def _legend(history: History, width: int) -> Text:
    entries = [
        Text.assemble((SHAPES[s], STYLES[s]), (f" {LABELS[s]} {history.counts[s]}", DIM))
        for s in Status
    ]
    return _in_a_row(entries, width)


def _facts(history: History, width: int) -> Text:
    facts = [
        operating_point(history.newest_read),
        wire_rate(history.newest),
        latency(history.newest_read),
        f"{history.total} samples",
    ]
    return _in_a_row([Text(fact, "bold") for fact in facts], width)


def _rest(history: History, caption: Caption, width: int) -> Text:
    entries = [above_rest(history.newest_read), caption.rest]
    return _in_a_row([Text(entry, "bold") for entry in entries if entry], width)


def _in_a_row(entries: list[Text], width: int) -> Text:
    """As many of the entries as fit."""
    line = Text(" " * MARGIN if width >= _BIG_WIDTH else "")
    gap = ""
    for entry in entries:
        if line.cell_len + len(gap) + entry.cell_len > width:
            break
        line.append(gap).append_text(entry)
        gap = "   "
    return line


def _notice(caption: Caption) -> Text:
    return Text(" " * MARGIN).append(" ".join(caption.notice), "yellow")


def _notice_alone(caption: Caption, width: int) -> list[Text]:
    """The whole message, while there are no samples."""
    wrapped = (textwrap.wrap(line, width) for line in caption.notice)
    return [Text(line, "yellow") for lines in wrapped for line in lines]

"""Where samples are shown: on a drawn screen, in plain lines, as JSON or as CSV.

A view is a context manager. `add` and `notice` are called as things come, `refresh` every
`interval_s`.
"""

import os
import sys
from abc import ABC, abstractmethod
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.live import Live

from narrowcast_client import Notice, State
from narrowcast_client.baseline import SampleAboveRest
from narrowcast_client.resting import Resting
from narrowcast_client.terminal import words
from narrowcast_client.terminal.history import History
from narrowcast_client.terminal.screen import Caption, draw
from narrowcast_shared import logs
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.samples import Sample, csv_header, csv_row

REDRAW_S = 0.2
"""Between two drawings: one takes some 20 ms of a core, and no eye asks for more."""

LINE_S = 1.0
QUIET_S = 2.0
"""A stream that has sent nothing for so long is said to be quiet."""

_LAST_LINES = 24  # of the drawing that is left on the terminal


def can_draw() -> bool:
    """Whether standard output is a terminal that takes a drawing."""
    return sys.stdout.isatty() and os.environ.get("TERM") not in ("dumb", None)


class View(ABC):
    """What all have in common: notices go to standard error, once each."""

    interval_s = LINE_S

    def __init__(self, url: str, resting: Resting | None = None) -> None:
        self.url = url
        self.resting = resting
        self._said = ""

    @property
    def rest(self) -> str:
        """What is to be said of the person's rest; nothing where nobody asked."""
        baseline = self.resting and self.resting.baseline
        return "" if baseline is None else str(baseline)

    @abstractmethod
    def add(self, sample: Sample) -> None:
        """Take the next sample."""

    def refresh(self) -> None:  # noqa: B027 - not every view has something to redraw
        """Show what has come since the last time."""

    def notice(self, told: Notice) -> None:
        text = " ".join(words.notice(told, self.url))
        if text and text != self._said:
            click.echo(f"narrowcast: {text}", err=True)
        self._said = text

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not isinstance(error, BrokenPipeError):
            self.close()

    def close(self) -> None:  # noqa: B027 - nor something left to show
        """Show what is left, where there is still somebody to see it."""


class JsonView(View):
    """Every sample as one line of JSON, at once."""

    def add(self, sample: Sample) -> None:
        _write(sample.model_dump_json() + "\n")


class NoView(View):
    """Nothing: the samples go elsewhere."""

    def add(self, sample: Sample) -> None:
        """It is not shown."""


class CsvView(View):
    """A header, then every sample as one line, at once."""

    def __enter__(self) -> Self:
        _write(csv_header(Sample if self.resting is None else SampleAboveRest))
        return self

    def add(self, sample: Sample) -> None:
        _write(csv_row(sample))


class LinesView(View):
    """One line a second, of the newest sample; a summary at the end, on standard error."""

    def __init__(self, url: str, resting: Resting | None = None) -> None:
        super().__init__(url, resting)
        self._history = History(LINE_S)
        self._shown_id = 0

    def add(self, sample: Sample) -> None:
        self._history.add(sample)

    def refresh(self) -> None:
        newest = self._history.newest
        if newest and newest.id != self._shown_id:
            self._shown_id = newest.id
            told = "" if words.above_rest(newest) or not self.rest else f", {self.rest}"
            _write(f"{words.line(newest)}{told}\n")

    def close(self) -> None:
        self.refresh()
        _sum_up(self._history)


class ScreenView(View):
    """The drawing, on the terminal's alternate screen; its last state is left behind."""

    interval_s = REDRAW_S

    def __init__(self, url: str, window_s: float, resting: Resting | None = None) -> None:
        super().__init__(url, resting)
        self._history = History(window_s)
        self._clock = SystemClock()
        self._came_us = self._clock.monotonic_us()
        self._console = Console()
        self._caption = Caption("", url, State.CONNECTING.value)
        self._live = Live(
            console=self._console, screen=True, auto_refresh=False, vertical_overflow="crop"
        )
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(logs.held())
        self._stack.enter_context(self._live)
        return self

    def add(self, sample: Sample) -> None:
        self._history.add(sample)
        self._came_us = self._clock.monotonic_us()

    def notice(self, told: Notice) -> None:
        lines = tuple(words.notice(told, self.url))
        self._caption = Caption(told.session or "", self.url, told.state.value, lines)

    def refresh(self) -> None:
        width, height = self._console.size
        self._live.update(draw(self._history, self._said_now(), width, height), refresh=True)

    def close(self) -> None:
        self._stack.close()
        if self._history.total:
            width, height = self._console.size
            lines = min(height - 2, _LAST_LINES)
            caption = self._caption._replace(rest=self.rest)
            self._console.print(draw(self._history, caption, width, lines))
            _sum_up(self._history)

    def _said_now(self) -> Caption:
        caption = self._caption._replace(rest=self.rest)
        quiet_s = (self._clock.monotonic_us() - self._came_us) / 1e6
        if caption.state != State.LIVE.value or quiet_s < QUIET_S:
            return caption
        return caption._replace(notice=(f"no sample for {quiet_s:.0f} s",))


def _sum_up(history: History) -> None:
    if history.newest:
        click.echo(words.summary(history.newest.session, history), err=True)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()

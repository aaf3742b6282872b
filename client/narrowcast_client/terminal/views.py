"""Where samples are shown: on a drawn screen, in plain lines, as JSON or as CSV.

A view is a context manager. `add` takes each sample, `notice` each change of state, and `refresh`
is called every `interval_s`.
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

from narrowcast_client.baseline import BaselineFilter, SampleAboveRest
from narrowcast_client.subscription import Notice, State
from narrowcast_client.terminal.history import History, above_rest, line, notice, summary
from narrowcast_client.terminal.screen import Caption, draw
from narrowcast_shared import logs
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.samples import Sample, csv_header, csv_row

REDRAW_S = 0.2
"""Between two drawings, each of which takes about 20 ms of a core."""

LINE_S = 1.0
QUIET_S = 2.0
"""After this time without a sample, a message says so."""

_LAST_LINES = 24  # of the drawing that stays on the terminal at the end


def can_draw() -> bool:
    """Whether standard output is a terminal that takes a drawing."""
    return sys.stdout.isatty() and os.environ.get("TERM") not in ("dumb", None)


class View(ABC):
    """The common part: a change of state is reported on standard error, once."""

    interval_s = LINE_S

    def __init__(self, url: str, correction: BaselineFilter | None = None) -> None:
        self.url = url
        self.correction = correction
        self._reported = ""

    @property
    def rest(self) -> str:
        """The person's rest in words; empty without a baseline."""
        baseline = self.correction and self.correction.baseline
        return "" if baseline is None else str(baseline)

    @abstractmethod
    def add(self, sample: Sample) -> None:
        """Take the next sample."""

    def refresh(self) -> None:  # noqa: B027 - only some views redraw
        """Show what is new since the last call."""

    def notice(self, change: Notice) -> None:
        text = " ".join(notice(change, self.url))
        if text and text != self._reported:
            click.echo(f"narrowcast: {text}", err=True)
        self._reported = text

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

    def close(self) -> None:  # noqa: B027 - only some views end with a summary
        """Show what remains; not called where the reader of standard output has gone."""


class JsonView(View):
    """Every sample as one line of JSON, at once."""

    def add(self, sample: Sample) -> None:
        _write(sample.model_dump_json() + "\n")


class NoView(View):
    """Shows nothing: the samples go to the Lab Streaming Layer alone."""

    def add(self, sample: Sample) -> None:
        """Ignored."""


class CsvView(View):
    """A header, then every sample as one line, at once."""

    def __enter__(self) -> Self:
        _write(csv_header(Sample if self.correction is None else SampleAboveRest))
        return self

    def add(self, sample: Sample) -> None:
        _write(csv_row(sample))


class LinesView(View):
    """One line a second, of the newest sample; a summary at the end, on standard error."""

    def __init__(self, url: str, correction: BaselineFilter | None = None) -> None:
        super().__init__(url, correction)
        self._history = History(LINE_S)
        self._shown_id = 0

    def add(self, sample: Sample) -> None:
        self._history.add(sample)

    def refresh(self) -> None:
        newest = self._history.newest
        if newest and newest.id != self._shown_id:
            self._shown_id = newest.id
            rest = "" if above_rest(newest) or not self.rest else f", {self.rest}"
            _write(f"{line(newest)}{rest}\n")

    def close(self) -> None:
        self.refresh()
        _write_summary(self._history)


class ScreenView(View):
    """The drawing, on the terminal's alternate screen; its last state stays on the terminal."""

    interval_s = REDRAW_S

    def __init__(self, url: str, window_s: float, correction: BaselineFilter | None = None) -> None:
        super().__init__(url, correction)
        self._history = History(window_s)
        self._clock = SystemClock()
        self._received_us = self._clock.monotonic_us()
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
        self._received_us = self._clock.monotonic_us()

    def notice(self, change: Notice) -> None:
        lines = tuple(notice(change, self.url))
        self._caption = Caption(change.session or "", self.url, change.state.value, lines)

    def refresh(self) -> None:
        width, height = self._console.size
        self._live.update(draw(self._history, self._current_caption(), width, height), refresh=True)

    def close(self) -> None:
        self._stack.close()
        if self._history.total:
            width, height = self._console.size
            lines = min(height - 2, _LAST_LINES)
            caption = self._caption._replace(rest=self.rest)
            self._console.print(draw(self._history, caption, width, lines))
            _write_summary(self._history)

    def _current_caption(self) -> Caption:
        caption = self._caption._replace(rest=self.rest)
        quiet_s = (self._clock.monotonic_us() - self._received_us) / 1e6
        if caption.state != State.LIVE.value or quiet_s < QUIET_S:
            return caption
        return caption._replace(notice=(f"no sample for {quiet_s:.0f} s",))


def _write_summary(history: History) -> None:
    if history.newest:
        click.echo(summary(history.newest.session, history), err=True)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()

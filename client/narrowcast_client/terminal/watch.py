"""Watch a session: samples arrive, a view shows them, until the session ends."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from enum import Enum, auto
from typing import NamedTuple

from narrowcast_client.archive import RemoteArchive
from narrowcast_client.baseline import BaselineChoice, BaselineFilter
from narrowcast_client.stream import Replay
from narrowcast_client.subscription import replay, subscribe
from narrowcast_client.terminal.views import (
    CsvView,
    JsonView,
    LinesView,
    NoView,
    ScreenView,
    View,
    can_draw,
)
from narrowcast_shared.remote.address import Address, as_address
from narrowcast_shared.samples import Sample

PATIENCE_S = 600.0
"""The same as that of encoders."""

_FRAMES_PER_S = 30  # the most that a window usually holds


class Form(Enum):
    """How a series is shown."""

    AUTO = auto()  # drawn where standard output is a terminal, else lines
    LINES = auto()
    JSON = auto()
    CSV = auto()
    NOTHING = auto()


Samples = AsyncGenerator[Sample, None]


class Show(NamedTuple):
    """How samples are shown, and the filters before that."""

    form: Form = Form.AUTO
    window_s: float = 20.0
    """Time span of the plot."""
    rest: BaselineChoice | None = None
    """The rest that is subtracted."""
    tap: Callable[[Samples], Samples] | None = None
    """Another consumer, which passes the samples on."""


DRAWN = Show()


async def watch_session(
    url: str | Address,
    session: str | None = None,
    show: Show = DRAWN,
    *,
    after_id: int | None = None,
    patience_s: float = PATIENCE_S,
    stop_after_s: float | None = None,
) -> None:
    """Show a session on standard output until it ends, or for `stop_after_s`.

    session: its name; None takes the newest live one. A session that does not exist yet is awaited.
    after_id: as for `subscribe`. None begins with the first sample of the series for JSON and
    CSV, which write every sample, and with the last window otherwise.
    patience_s: how long the decoder may be unreachable, at first and in an outage.

    Raises SettingsError and LinkError as `subscribe` does.
    """
    correction = _baseline_filter(show, url, patience_s)
    view = _make_view(show, url, correction)
    if after_id is None:
        after_id = (
            0 if show.form in (Form.JSON, Form.CSV) else -round(show.window_s * _FRAMES_PER_S)
        )
    samples = subscribe(
        url,
        session,
        after_id=after_id,
        wait=True,
        patience_s=patience_s,
        outage_s=patience_s,
        on_notice=view.notice,
    )
    await _show(view, _through(samples, correction, show), stop_after_s)


async def replay_session(
    url: str | Address,
    session: str,
    pace: Replay,
    show: Show = DRAWN,
    *,
    after_id: int | None = None,
    patience_s: float = PATIENCE_S,
) -> None:
    """Show the stored series of a session as if it were live, after the sample `after_id`.

    Raises SettingsError and LinkError as `replay` does.
    """
    correction = _baseline_filter(show, url, patience_s)
    view = _make_view(show, url, correction)
    samples = replay(
        url,
        session,
        pace,
        after_id=after_id or 0,
        patience_s=patience_s,
        on_notice=view.notice,
    )
    await _show(view, _through(samples, correction, show))


def _baseline_filter(show: Show, url: str | Address, patience_s: float) -> BaselineFilter | None:
    if show.rest is None:
        return None
    return BaselineFilter(show.rest, RemoteArchive(as_address(url)), patience_s)


def _through(samples: Samples, correction: BaselineFilter | None, show: Show) -> Samples:
    """The samples, through the filters of `show`."""
    if correction is not None:
        samples = correction.above_rest(samples)
    return samples if show.tap is None else show.tap(samples)


async def _show(view: View, samples: Samples, stop_after_s: float | None = None) -> None:
    with view:
        reading = asyncio.create_task(_read(view, samples))
        refreshing = asyncio.create_task(_refresh(view))
        tasks = {reading, refreshing}
        try:
            done, _ = await asyncio.wait(
                tasks, timeout=stop_after_s, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()  # raises what ended it
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


def _make_view(show: Show, decoder: str | Address, correction: BaselineFilter | None) -> View:
    url = decoder if isinstance(decoder, str) else decoder.base
    match show.form:
        case Form.JSON:
            return JsonView(url, correction)
        case Form.CSV:
            return CsvView(url, correction)
        case Form.NOTHING:
            return NoView(url)
        case Form.AUTO if can_draw():
            return ScreenView(url, show.window_s, correction)
    return LinesView(url, correction)


async def _read(view: View, samples: Samples) -> None:
    async with aclosing(samples):
        async for sample in samples:
            view.add(sample)


async def _refresh(view: View) -> None:
    while True:
        view.refresh()
        await asyncio.sleep(view.interval_s)

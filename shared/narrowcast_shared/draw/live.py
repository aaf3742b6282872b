"""Watching a session: samples come in, a view shows them, until the session ends."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from enum import Enum, auto

from narrowcast_shared.client import Replay, replay, subscribe
from narrowcast_shared.draw.views import CsvView, JsonView, LinesView, ScreenView, View, can_draw
from narrowcast_shared.remote.address import Address
from narrowcast_shared.samples import Sample

_FRAMES_PER_S = 30  # what a window that is drawn is likely to hold, at most


class Form(Enum):
    """How a series is shown."""

    AUTO = auto()  # drawn where standard output is a terminal, else lines
    LINES = auto()
    JSON = auto()
    CSV = auto()


async def watch_session(
    url: str | Address,
    session: str | None = None,
    *,
    form: Form = Form.AUTO,
    after_id: int | None = None,
    window_s: float = 20.0,
    patience_s: float = 10.0,
    stop_after_s: float | None = None,
) -> None:
    """Show a session on standard output until it ends, or for `stop_after_s`.

    session: its name; None takes the newest live one. Either is waited for.
    after_id: as `subscribe` has it; None begins with the first sample of the series where
    every sample is written (JSON, CSV), and within the last window where it is shown.

    Raises SettingsError and LinkError as `subscribe` does.
    """
    view = _make_view(form, url, window_s)
    if after_id is None:
        after_id = 0 if form in (Form.JSON, Form.CSV) else -round(window_s * _FRAMES_PER_S)
    samples = subscribe(
        url,
        session,
        after_id=after_id,
        wait=True,
        patience_s=patience_s,
        on_notice=view.notice,
    )
    await _show(view, samples, stop_after_s)


async def replay_session(
    url: str | Address,
    session: str,
    pace: Replay,
    *,
    form: Form = Form.AUTO,
    after_id: int | None = None,
    window_s: float = 20.0,
    patience_s: float = 10.0,
) -> None:
    """Show what is stored of a session as if it were live, from the sample after `after_id` on.

    Raises SettingsError and LinkError as `replay` does.
    """
    view = _make_view(form, url, window_s)
    samples = replay(
        url,
        session,
        pace,
        after_id=after_id or 0,
        patience_s=patience_s,
        on_notice=view.notice,
    )
    await _show(view, samples)


async def _show(
    view: View, samples: AsyncGenerator[Sample, None], stop_after_s: float | None = None
) -> None:
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


def _make_view(form: Form, decoder: str | Address, window_s: float) -> View:
    url = decoder if isinstance(decoder, str) else decoder.base
    match form:
        case Form.JSON:
            return JsonView(url)
        case Form.CSV:
            return CsvView(url)
        case Form.AUTO if can_draw():
            return ScreenView(url, window_s)
    return LinesView(url)


async def _read(view: View, samples: AsyncGenerator[Sample, None]) -> None:
    async with aclosing(samples):
        async for sample in samples:
            view.add(sample)


async def _refresh(view: View) -> None:
    while True:
        view.refresh()
        await asyncio.sleep(view.interval_s)

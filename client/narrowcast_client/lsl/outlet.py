"""The outlets: samples and marks of a session, pushed to the Lab Streaming Layer as they come."""

import asyncio
import importlib
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from types import ModuleType
from typing import Any

from narrowcast_client.http import patiently
from narrowcast_client.lsl.channels import ABOVE_REST, CHANNELS, row
from narrowcast_client.lsl.description import MARKERS_TYPE, STREAM_TYPE, Origin, describe
from narrowcast_client.lsl.time_base import TimeBase
from narrowcast_client.marks import get_marks
from narrowcast_client.sessions import get_session
from narrowcast_shared.archive import SessionInfo
from narrowcast_shared.errors import LinkError, NarrowcastError, install_hint
from narrowcast_shared.remote.address import Address
from narrowcast_shared.samples import Sample

POLL_S = 1.0
"""Between two looks at the session's clocks and marks: a mark is so much late at most."""

_CLOCK_READINGS = 5

logger = logging.getLogger(__name__)


def open_outlets(address: Address, *, above_rest: bool, patience_s: float = 0.0) -> "Outlets":
    """Outlets of sessions of this decoder.

    above_rest: whether samples will be such as are put above a person's rest.
    patience_s: how long the decoder may be away when a session's outlets are opened.
    Raises NarrowcastError where pylsl, or the library that it calls, is not there.
    """
    return Outlets(_pylsl(), address, above_rest=above_rest, patience_s=patience_s)


def _pylsl() -> ModuleType:
    try:
        return importlib.import_module("pylsl")
    except ModuleNotFoundError:
        raise NarrowcastError("--lsl needs pylsl", install_hint("lsl")) from None
    except (RuntimeError, OSError) as error:
        raise NarrowcastError(
            f"pylsl finds no liblsl ({str(error).splitlines()[0]})",
            "install liblsl, from github.com/sccn/liblsl",
        ) from error


class Outlets:
    """A stream of samples and one of markers, open from the first sample to the last.

    What was in the series before is not pushed: nobody could have asked for it.
    """

    def __init__(
        self, lsl: ModuleType, address: Address, *, above_rest: bool, patience_s: float
    ) -> None:
        self._lsl = lsl
        self._address = address
        self._patience_s = patience_s
        self._channels = CHANNELS + (ABOVE_REST if above_rest else ())
        self._time_base = TimeBase()
        self._last_old_id = 0
        self._last_mark = 0
        self._samples: Any = None
        self._markers: Any = None

    async def tap(self, samples: AsyncGenerator[Sample, None]) -> AsyncGenerator[Sample, None]:
        """Hand the samples on, each when it was pushed. Raises LinkError as requests do."""
        polling: asyncio.Task[None] | None = None
        try:
            async with aclosing(samples):
                async for sample in samples:
                    if polling is None:
                        await self._open(sample.session)
                        polling = asyncio.create_task(self._poll(sample.session))
                    elif polling.done():
                        polling.result()  # it never ends by itself: raises what ended it
                    self._push(sample)
                    yield sample
        finally:
            if polling is not None:
                polling.cancel()
                await asyncio.wait([polling])
            self._samples = self._markers = None  # closes them

    def _push(self, sample: Sample) -> None:
        if sample.id > self._last_old_id:
            stamp = self._time_base.stamp(sample.t)
            self._samples.push_sample(row(sample, self._channels), stamp)

    async def _open(self, session: str) -> None:
        get_info = partial(get_session, self._address, session)
        info = await patiently(get_info, self._patience_s)
        self._last_old_id = info.last_id or 0
        marks = await patiently(partial(get_marks, self._address, session), self._patience_s)
        self._last_mark = max((mark.id for mark in marks), default=0)
        self._read_clocks(info)
        if info.clock_offset_ms is None:
            logger.warning("%s: its clock's offset is not known yet, and taken for 0", session)
        origin = Origin(
            session, self._address.base, info.read_by, info.clock_offset_ms, info.clock_error_ms
        )
        lsl = self._lsl
        stream = lsl.StreamInfo(
            origin.name,
            STREAM_TYPE,
            len(self._channels),
            lsl.IRREGULAR_RATE,
            lsl.cf_double64,
            origin.source_id,
        )
        describe(stream.desc(), origin, self._channels)
        self._samples = lsl.StreamOutlet(stream)
        markers = lsl.StreamInfo(
            f"{origin.name}-marks",
            MARKERS_TYPE,
            1,
            lsl.IRREGULAR_RATE,
            lsl.cf_string,
            f"{origin.source_id} marks",
        )
        describe(markers.desc(), origin, ())
        self._markers = lsl.StreamOutlet(markers)

    async def _poll(self, session: str) -> None:
        """Follow clocks and marks. An outage of the decoder is told by the subscription."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                self._read_clocks(await get_session(self._address, session))
                for mark in await get_marks(self._address, session, after_id=self._last_mark):
                    self._markers.push_sample([mark.text], self._time_base.stamp(mark.t))
                    self._last_mark = mark.id
            except LinkError as error:
                logger.debug("%s: clocks and marks are not read: %s", session, error)

    def _read_clocks(self, info: SessionInfo) -> None:
        offset_s = None if info.clock_offset_ms is None else info.clock_offset_ms / 1000
        if self._time_base.observe(offset_s, unix_ahead_s(self._lsl)):
            logger.warning("%s: its LSL time stamps have stepped with its clock", info.session)


def unix_ahead_s(lsl: ModuleType) -> float:
    """How much this machine's Unix time is ahead of `local_clock()`, s: the quickest reading."""
    readings = []
    for _ in range(_CLOCK_READINGS):
        before: float = lsl.local_clock()
        unix = time.time()
        after: float = lsl.local_clock()
        readings.append((after - before, unix - (before + after) / 2))
    return min(readings)[1]

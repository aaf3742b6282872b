"""The Lab Streaming Layer: samples and event markers of a session, pushed as they arrive.

`CHANNELS` says what a stream holds, `describe` writes that into its header in the terms of XDF's
meta-data (https://github.com/sccn/xdf/wiki/Meta-Data), `TimeBase` converts time stamps, and
`Outlets` pushes.

    t (encoder's Unix time)  --+ offset-->  decoder's Unix time
    Unix time of this machine  --- ahead-->  LSL's local_clock() of this machine

Between the two is an assumption: that the decoder's clock and this machine's agree, being one clock
or both kept by NTP. Their difference is an error of every time stamp.

`local_clock()` never steps, and Unix clocks do. Where the clock of a machine that both decodes and
watches is set, `ahead` changes at once and `offset` by the same some seconds later; time stamps
should not move at all. So a change of more than `STEP_S` is accepted only after
`STEP_READINGS` such readings in a row; a smaller one, which is drift or noise, is smoothed.
"""

import asyncio
import importlib
import logging
import math
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

from narrowcast_client.api import get_marks, get_session, retry_while_unreachable
from narrowcast_shared import __version__
from narrowcast_shared.archive import SessionInfo
from narrowcast_shared.errors import LinkError, NarrowcastError, install_hint
from narrowcast_shared.model_name import UNKNOWN_MODEL, ModelName
from narrowcast_shared.remote.address import Address
from narrowcast_shared.samples import Sample, Status

STATUS_CODES = {Status.OK: 0, Status.NO_FACE: 1, Status.SKIPPED: 2, Status.LOST: 3}
"""Of the channel `status`: streams hold numbers only."""


class Channel(NamedTuple):
    """label: the sample's field of that name. unit, type: in the terms of XDF's meta-data."""

    label: str
    unit: str
    type: str


CHANNELS = (
    Channel("id", "count", "Index"),
    Channel("valence", "normalized", "Valence"),
    Channel("sigma", "normalized", "Uncertainty"),
    Channel("status", "code", "Status"),
    Channel("px", "pixels", "Quality"),
    Channel("qp", "none", "Quality"),
    Channel("wire_bps", "bits/second", "Rate"),
    Channel("latency_ms", "milliseconds", "Latency"),
)

ABOVE_REST = (
    Channel("valence_above_rest", "normalized", "Valence"),
    Channel("sigma_above_rest", "normalized", "Uncertainty"),
)
"""After the others, where samples are baseline-corrected."""


def channel_values(sample: Sample, channels: Sequence[Channel]) -> list[float]:
    """One value per channel; NaN where the sample has none."""
    return [_value(sample, channel.label) for channel in channels]


def _value(sample: Sample, label: str) -> float:
    if label == "status":
        return float(STATUS_CODES[sample.status])
    value = getattr(sample, label)
    return math.nan if value is None else float(value)


STREAM_TYPE = "Valence"
MARKERS_TYPE = "Markers"


class Origin(NamedTuple):
    """Where the samples come from. Times in ms; None where unknown."""

    session: str
    decoder: str
    model: ModelName = UNKNOWN_MODEL
    clock_offset_ms: float | None = None
    clock_error_ms: float | None = None

    @property
    def name(self) -> str:
        """Name of the stream of samples."""
        return f"narrowcast-{self.session}"

    @property
    def source_id(self) -> str:
        """The same after a restart, so that recorders resume the stream."""
        return f"narrowcast {self.decoder} {self.session}"


def describe(root: Any, origin: Origin, channels: Sequence[Channel]) -> None:  # noqa: ANN401
    """Fill `desc` of a stream. root: an XMLElement of pylsl."""
    if channels:
        listed = root.append_child("channels")
        for channel in channels:
            _fill(listed.append_child("channel"), channel._asdict())
    acquisition = {
        "manufacturer": "narrowcast",
        "model": origin.model.name,
        "model_sha256": origin.model.sha256,
        "software_version": __version__,
        "session": origin.session,
        "decoder": origin.decoder,
    }
    _fill(root.append_child("acquisition"), acquisition)
    # Back-filled samples arrive after later ones, and none is dropped.
    _fill(root.append_child("synchronization"), {"can_drop_samples": "false"})
    clocks = {
        "time_base": "t of the session, brought to the LSL clock of the machine that watches",
        "clock_offset_ms": origin.clock_offset_ms,
        "clock_error_ms": origin.clock_error_ms,
    }
    own = root.append_child("narrowcast")
    _fill(own, clocks)
    _fill(own.append_child("status_codes"), {s.value: code for s, code in STATUS_CODES.items()})


def _fill(element: Any, values: Mapping[str, object]) -> None:  # noqa: ANN401
    """One child per value; unknown values are left out."""
    for name, value in values.items():
        if value is not None:
            element.append_child_value(name, str(value))


STEP_S = 0.1
STEP_READINGS = 5
_SMOOTHING = 1 / 8  # of the difference to a reading


class TimeBase:
    """Brings capture times to LSL's clock."""

    def __init__(self) -> None:
        self._shift_s: float | None = None
        self._offset_known = False
        self._steps: list[float] = []

    def observe(self, offset_s: float | None, ahead_s: float) -> bool:
        """Take a reading of the clocks; returns whether it has made time stamps step.

        offset_s: how far the decoder's clock is ahead of the encoder's, s; None while unknown,
        which counts as 0. ahead_s: how far this machine's Unix time is ahead of
        `local_clock()`, s.
        """
        shift_s = (offset_s or 0.0) - ahead_s
        first_known = offset_s is not None and not self._offset_known
        self._offset_known = self._offset_known or offset_s is not None
        if self._shift_s is None or first_known:
            return self._step_to(shift_s)
        if abs(shift_s - self._shift_s) <= STEP_S:
            self._steps.clear()
            self._shift_s += _SMOOTHING * (shift_s - self._shift_s)
            return False
        if self._steps and abs(shift_s - self._steps[0]) > STEP_S:
            self._steps.clear()  # another step than the one before
        self._steps.append(shift_s)
        return len(self._steps) >= STEP_READINGS and self._step_to(shift_s)

    def stamp(self, t: float) -> float:
        """The time stamp of a capture at `t`, s; `observe` must have been called before."""
        assert self._shift_s is not None
        return t + self._shift_s

    def _step_to(self, shift_s: float) -> bool:
        stepped = self._shift_s is not None and abs(shift_s - self._shift_s) > STEP_S
        self._shift_s = shift_s
        self._steps.clear()
        return stepped


POLL_S = 1.0
"""Interval at which the session's clocks and markers are read: the most that a marker is late."""

_CLOCK_READINGS = 5

logger = logging.getLogger(__name__)


def open_outlets(address: Address, *, above_rest: bool, patience_s: float = 0.0) -> "Outlets":
    """Outlets of sessions of this decoder.

    above_rest: whether the samples are baseline-corrected.
    patience_s: how long the decoder may be unreachable when a session's outlets are opened.
    Raises NarrowcastError where pylsl, or its library liblsl, is not installed.
    """
    return Outlets(_pylsl(), address, above_rest=above_rest, patience_s=patience_s)


def _pylsl() -> ModuleType:
    try:
        return importlib.import_module("pylsl")
    except ModuleNotFoundError:
        raise NarrowcastError("--lsl requires pylsl", install_hint("lsl")) from None
    except (RuntimeError, OSError) as error:
        raise NarrowcastError(
            f"pylsl does not find liblsl ({str(error).splitlines()[0]})",
            "install liblsl, from github.com/sccn/liblsl",
        ) from error


class Outlets:
    """A stream of samples and one of markers, open from the first sample to the last.

    Samples that were in the series before are not pushed.
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
        """Push each sample, then pass it on. Raises LinkError as requests do."""
        polling: asyncio.Task[None] | None = None
        try:
            async with aclosing(samples):
                async for sample in samples:
                    if polling is None:
                        await self._open(sample.session)
                        polling = asyncio.create_task(self._poll(sample.session))
                    elif polling.done():
                        polling.result()  # raises the error that ended it
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
            self._samples.push_sample(channel_values(sample, self._channels), stamp)

    async def _open(self, session: str) -> None:
        get_info = partial(get_session, self._address, session)
        info = await retry_while_unreachable(get_info, self._patience_s)
        self._last_old_id = info.last_id or 0
        marks = await retry_while_unreachable(
            partial(get_marks, self._address, session), self._patience_s
        )
        self._last_mark = max((mark.id for mark in marks), default=0)
        self._read_clocks(info)
        if info.clock_offset_ms is None:
            logger.warning("%s: its clock offset is not known yet; 0 is assumed", session)
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
        """Read clocks and markers. The subscription reports an outage of the decoder."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                self._read_clocks(await get_session(self._address, session))
                for mark in await get_marks(self._address, session, after_id=self._last_mark):
                    self._markers.push_sample([mark.text], self._time_base.stamp(mark.t))
                    self._last_mark = mark.id
            except LinkError as error:
                logger.debug("%s: clocks and markers cannot be read: %s", session, error)

    def _read_clocks(self, info: SessionInfo) -> None:
        offset_s = None if info.clock_offset_ms is None else info.clock_offset_ms / 1000
        if self._time_base.observe(offset_s, unix_ahead_s(self._lsl)):
            logger.warning("%s: its LSL time stamps have stepped with its clock", info.session)


def unix_ahead_s(lsl: ModuleType) -> float:
    """How far this machine's Unix time is ahead of `local_clock()`, s, by the fastest reading."""
    readings = []
    for _ in range(_CLOCK_READINGS):
        before: float = lsl.local_clock()
        unix = time.time()
        after: float = lsl.local_clock()
        readings.append((after - before, unix - (before + after) / 2))
    return min(readings)[1]

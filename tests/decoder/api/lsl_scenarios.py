"""What the Lab Streaming Layer gets of a real service. Run by test_lsl.py, in a network of its own.

liblsl listens on every address of the machine, whatever its settings say.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import pylsl
import pytest

from narrowcast_client import decoder_at
from narrowcast_client.api import add_mark
from narrowcast_client.baseline import BaselineChoice, ModelName
from narrowcast_client.lsl import ABOVE_REST, CHANNELS, channel_values, open_outlets, unix_ahead_s
from narrowcast_client.terminal.watch import Form, Show, watch_session
from narrowcast_decoder.service import Service
from narrowcast_shared.samples import Sample, Status

Series = Callable[..., list[Sample]]
Serve = Callable[[Callable[[Any], Awaitable[None]]], None]

OFFSET_S = 2.0
"""The decoder's clock is so much ahead of the encoder's."""

STAMP_ERROR_S = 0.02
PATIENCE_S = 90.0


class Running(Protocol):
    """As conftest.py has it."""

    service: Service
    authority: str

    async def publish(self, samples: list[Sample]) -> None: ...
    async def end(self, session: str) -> None: ...


@asynccontextmanager
async def watched(running: Running, rest: BaselineChoice | None = None) -> AsyncIterator[None]:
    """`narrowcast watch anna --lsl --quiet`, until the session ends."""
    address = decoder_at(f"http://{running.authority}")
    outlets = open_outlets(address, above_rest=rest is not None)
    show = Show(Form.NOTHING, rest=rest, tap=outlets.tap)
    watching = asyncio.create_task(watch_session(address, "anna", show))
    try:
        yield
        await running.end("anna")
        await asyncio.wait_for(watching, PATIENCE_S)
    finally:
        watching.cancel()
        await asyncio.wait([watching])


async def inlet(kind: str) -> pylsl.StreamInlet:
    found = await asyncio.to_thread(pylsl.resolve_byprop, "type", kind, 1, PATIENCE_S)
    assert len(found) == 1
    opened = pylsl.StreamInlet(found[0])
    await asyncio.to_thread(opened.open_stream, PATIENCE_S)
    return opened


async def pulled(opened: pylsl.StreamInlet, count: int) -> list[tuple[list[Any], float]]:
    """The next samples with their time stamps."""
    got = [await asyncio.to_thread(opened.pull_sample, PATIENCE_S) for _ in range(count)]
    assert all(values is not None for values, _ in got)
    return got


def now(samples: list[Sample]) -> list[Sample]:
    """The same, captured about now by the encoder's clock."""
    shift_s = time.time() - OFFSET_S - samples[0].t
    return [sample.model_copy(update={"t": sample.t + shift_s}) for sample in samples]


def same(got: list[float], expected: list[float]) -> bool:
    pairs = zip(got, expected, strict=True)
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in pairs)


async def begin(running: Running, samples: list[Sample]) -> None:
    store = running.service.store
    hold = await store.note_started("anna", time.time())
    await store.note_clock("anna", OFFSET_S * 1000, 1.5, hold)
    await running.publish(samples)


def test_samples_come_with_their_values_and_times(serve: Serve, series: Series) -> None:
    samples = now(series("anna", 120))
    old, live = samples[:40], samples[40:]
    assert {sample.status for sample in live} == set(Status)

    async def scenario(running: Running) -> None:
        # 1. a session that has been going on; nobody asked for what it had
        await begin(running, old)
        async with watched(running):
            stream = await inlet("Valence")
            # 2. what comes now is there, in order, with every status
            await running.publish(live)
            got = await pulled(stream, len(live))
            assert all(
                same(values, channel_values(sample, CHANNELS))
                for (values, _), sample in zip(got, live, strict=True)
            )
            # 3. at the time of its capture, on the clock of LSL
            ahead_s = unix_ahead_s(pylsl)
            for (_, stamp), sample in zip(got, live, strict=True):
                expected = sample.t + OFFSET_S - ahead_s
                assert stamp + stream.time_correction() == pytest.approx(
                    expected, abs=STAMP_ERROR_S
                )
        # 4. the session is over, and so is the stream
        gone = await asyncio.to_thread(pylsl.resolve_byprop, "type", "Valence", 1, 0.3)
        assert gone == []

    serve(scenario)


def test_a_stream_says_what_it_is(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await begin(running, now(series("anna", 3)))
        async with watched(running, BaselineChoice(seconds=5)):
            info = (await inlet("Valence")).info(PATIENCE_S)
            assert info.name() == "narrowcast-anna"
            assert info.nominal_srate() == pylsl.IRREGULAR_RATE
            assert info.get_channel_labels() == [c.label for c in CHANNELS + ABOVE_REST]
            assert info.get_channel_units() == [c.unit for c in CHANNELS + ABOVE_REST]
            assert info.get_channel_types() == [c.type for c in CHANNELS + ABOVE_REST]
            acquisition = info.desc().child("acquisition")
            assert acquisition.child_value("manufacturer") == "narrowcast"
            assert acquisition.child_value("model") == "oa"
            assert acquisition.child_value("model_sha256") == "ab" * 32
            assert acquisition.child_value("session") == "anna"
            assert acquisition.child_value("decoder") == f"http://{running.authority}"
            own = info.desc().child("narrowcast")
            assert own.child_value("clock_offset_ms") == "2000.0"
            assert own.child_value("clock_error_ms") == "1.5"
            assert own.child("status_codes").child_value("lost") == "3"

    serve(scenario)


def test_above_rest_is_there_when_rest_is_known(serve: Serve, series: Series) -> None:
    samples = now(series("anna", 400))  # 16 s at 25 fps

    async def scenario(running: Running) -> None:
        await begin(running, samples[:3])
        async with watched(running, BaselineChoice(seconds=5)):
            stream = await inlet("Valence")
            await running.publish(samples[3:])
            got = await pulled(stream, len(samples) - 3)
            baseline = BaselineChoice(seconds=5).begin(ModelName())
            expected = [
                channel_values(baseline.above_rest(s), CHANNELS + ABOVE_REST) for s in samples
            ]
            assert all(same(v, e) for (v, _), e in zip(got, expected[3:], strict=True))
            assert math.isnan(got[0][0][-1])
            assert any(not math.isnan(values[-1]) for values, _ in got)

    serve(scenario)


def test_marks_come_as_markers(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await begin(running, now(series("anna", 3)))
        address = decoder_at(f"http://{running.authority}")
        await add_mark(address, "anna", "before anybody asked")
        async with watched(running):
            stream = await inlet("Markers")
            before = time.time()
            first = await add_mark(address, "anna", "stimulus 3")
            await add_mark(address, "anna", "größer", first.t - 1)
            got = await pulled(stream, 2)
            assert [values for values, _ in got] == [["stimulus 3"], ["größer"]]
            ahead_s = unix_ahead_s(pylsl)
            stamp = got[0][1] + stream.time_correction()
            assert before - STAMP_ERROR_S < stamp + ahead_s < time.time()
            assert got[1][1] == pytest.approx(got[0][1] - 1, abs=STAMP_ERROR_S)

    serve(scenario)

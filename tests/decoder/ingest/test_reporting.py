"""Reports: at their interval while there is news, none without, none that waits for the line."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.ingest.live import LiveSession
from narrowcast_decoder.ingest.receiver import Receiver
from narrowcast_decoder.ingest.reporting import Reporting
from narrowcast_decoder.ingest.reports import Reports
from narrowcast_decoder.metrics import Metrics
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.wire.messages import (
    Capability,
    Data,
    Frame,
    FrameKind,
    Hello,
    KeyframeRequest,
    Report,
)
from narrowcast_shared.wire.serial import parse, serialise

INTERVAL_S = 0.04


class Line:
    """A line to an encoder, which may be full."""

    def __init__(self) -> None:
        self.has_room = asyncio.Event()
        self.has_room.set()
        self.sent: list[object] = []

    async def send(self, payload: bytes) -> None:
        await self.has_room.wait()
        self.sent.append(parse(payload))

    def reports(self) -> list[Report]:
        return [each for each in self.sent if isinstance(each, Report)]


class Stand:
    """A session whose frames come and are stored as told, and what its encoder hears."""

    def __init__(self) -> None:
        self.line, self.contexts, self.metrics = Line(), RungContexts(), Metrics()
        self.session = LiveSession("a", 0, 1, 0, None)
        self.receiver = Receiver()
        self.receiver.receive(serialise(Hello("a", bytes(8), 0, 200, Capability.BACKFILL)), 0, 0)
        self.receiver.welcome(0, None)
        reports = Reports(self.receiver, self.session, [self.contexts], round(INTERVAL_S * 1e6))
        self.reporting = Reporting(self.line.send, reports, SystemClock(), self.metrics)

    def comes(self, seq: int | None = None, *, late: bool = False) -> None:
        """A message of one frame, the next by default, taken in."""
        if seq is None:
            seq = self.session.next_seq
        frame = Frame(seq, FrameKind.NO_FACE)
        fresh = self.receiver.receive(serialise(Data(0, seq, (frame,), late=late)), 0, 0)
        assert isinstance(fresh, list)
        if fresh:
            self.session.taken(len(fresh), seq + 1, 0)
        self.reporting.news()

    def store(self) -> None:
        """All that was taken in is stored."""
        self.session.stored(self.session.pending, self.session.next_seq)


def run(test: Callable[[Stand], Awaitable[None]]) -> None:
    async def scenario() -> None:
        stand = Stand()
        running = asyncio.create_task(stand.reporting.run())
        await test(stand)
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(scenario())


def test_one_message_is_acknowledged_and_then_there_is_silence() -> None:
    async def test(stand: Stand) -> None:
        stand.comes()
        stand.store()
        await asyncio.sleep(6 * INTERVAL_S)
        assert [report.stored_seq for report in stand.line.reports()] == [1]

    run(test)


def test_what_is_stored_later_is_told_without_another_message() -> None:
    async def test(stand: Stand) -> None:
        stand.comes()
        await asyncio.sleep(2 * INTERVAL_S)
        assert [report.stored_seq for report in stand.line.reports()] == [0]
        stand.store()
        await asyncio.sleep(2 * INTERVAL_S)
        assert [report.stored_seq for report in stand.line.reports()] == [0, 1]

    run(test)


def test_each_message_is_acknowledged_though_the_series_ends_where_it_did() -> None:
    """Behind the end of the source an encoder waits for this before it tells the next frames."""

    async def test(stand: Stand) -> None:
        stand.comes(5)
        for frame in ({"seq": 1, "late": True}, {"seq": 2, "late": True}, {"seq": 2}):
            stand.store()
            await asyncio.sleep(2 * INTERVAL_S)
            stand.comes(**frame)
        stand.store()
        await asyncio.sleep(2 * INTERVAL_S)
        told = [(report.messages, report.stored_seq) for report in stand.line.reports()]
        assert told == [(1, 6), (2, 6), (3, 6), (4, 6)]

    run(test)


def test_many_messages_are_told_of_an_interval_apart() -> None:
    async def test(stand: Stand) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for _ in range(100):
            stand.comes()
            stand.store()
            await asyncio.sleep(INTERVAL_S / 10)
        told = len(stand.line.reports())
        assert 3 <= told <= (loop.time() - began_s) / INTERVAL_S + 1

    run(test)


def test_behind_a_full_line_one_report_waits_and_then_comes_what_is_true_then() -> None:
    async def test(stand: Stand) -> None:
        stand.line.has_room.clear()
        for _ in range(4):
            stand.comes()
            stand.store()
            await asyncio.sleep(2 * INTERVAL_S)
        stand.line.has_room.set()
        await asyncio.sleep(3 * INTERVAL_S)
        assert [report.stored_seq for report in stand.line.reports()] == [1, 4]

    run(test)


def test_a_keyframe_is_asked_for_until_it_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    patience_s = 25 * INTERVAL_S
    monkeypatch.setattr("narrowcast_decoder.ingest.reports.KEYFRAME_PATIENCE_US", patience_s * 1e6)

    async def test(stand: Stand) -> None:
        wanted = stand.contexts.keyframe_wanted = KeyframeRequest(7)
        stand.comes()
        stand.store()
        await asyncio.sleep(3 * INTERVAL_S)
        assert stand.line.sent.count(wanted) == 1
        await asyncio.sleep(patience_s)
        assert stand.line.sent.count(wanted) == 2 == stand.metrics.keyframe_requests
        stand.contexts.keyframe_wanted = None
        await asyncio.sleep(1.2 * patience_s)
        assert stand.line.sent.count(wanted) == 2

    run(test)

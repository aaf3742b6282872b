"""Encoders and a decoder in conversation, in simulated time: their protocol as it is, no socket.

Real are `Stream`, `Connection` (encoder), `Receiver`, `LiveSession`, `RungContexts` and `Reports`
(decoder). What stands in for the rest does as the shells around them do, and no more.
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import count, pairwise
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_decoder.ingest.gaps import Gap, Owed
from narrowcast_decoder.ingest.live import LiveSession
from narrowcast_decoder.ingest.receiver import Ended, Receiver
from narrowcast_decoder.ingest.reports import Reports
from narrowcast_encoder.live.publisher import END_TIMEOUT_S, SILENCE_US, WELCOME_TIMEOUT_S
from narrowcast_encoder.session.connection import Connection, State
from narrowcast_encoder.session.settings import StreamSettings, make_stream, report_interval_ms
from narrowcast_shared.remote.backoff import Persistence
from narrowcast_shared.samples import Status
from narrowcast_shared.wire.messages import (
    Capability,
    Clock,
    End,
    EndCode,
    FrameKind,
    Hello,
    Report,
)
from narrowcast_shared.wire.serial import parse

S = 1_000_000
UNIX_US = 1_700_000_000 * S
AHEAD_US = 300_000
"""The decoder's clock is ahead of the encoders'."""

ROUND_US = 80_000
"""Between two rounds of the stand-in for the decoder's pipeline, at most."""

NEVER_S = 1e9
END_CODES_TO_COME_BACK = {EndCode.DRAINING, EndCode.FAULT}

_STATUS = {
    Fate.NO_FACE: Status.NO_FACE,
    Fate.SKIPPED: Status.SKIPPED,
    Fate.LOST: Status.LOST,
}


@cache
def chip(index: int) -> NDArray[np.uint8]:
    """A blob that moves."""
    y, x = np.mgrid[0:96, 0:96]
    blob = 128 + 100 * np.exp(-((x - 44 - 3 * (index % 5)) ** 2 + (y - 48) ** 2) / 400)
    return blob.astype(np.uint8)


class Captured(NamedTuple):
    """A frame of a source: so long after the one before; its clock is set by `step_us` there."""

    after_us: int
    kind: FrameKind
    step_us: int = 0


class World:
    """The time, and what is to happen in it."""

    def __init__(self, random: Random) -> None:
        self.now_us = 0
        self.random = random
        self._stalled_until_us = 0
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, at_us: int, call: Callable[[], None]) -> None:
        heapq.heappush(self._events, (max(at_us, self.now_us), next(self._order), call))

    def later(self, after_us: int, call: Callable[[], None]) -> None:
        self.at(self.now_us + after_us, call)

    def delay_us(self) -> int:
        """Of one message."""
        return max(self.random.randrange(1000, 60_000), self._stalled_until_us - self.now_us)

    def stall(self, for_us: int) -> None:
        """Nothing that is sent from now on arrives for so long."""
        self._stalled_until_us = max(self._stalled_until_us, self.now_us + for_us)

    def run(self, until: Callable[[], bool], limit_us: int) -> None:
        """Let time pass until it is so. Raises AssertionError where it is not by `limit_us`."""
        while not until():
            assert self._events, "nothing is left to happen"
            self.now_us, _, call = heapq.heappop(self._events)
            assert self.now_us <= limit_us, f"not over after {self.now_us / S:.0f} s"
            call()


class Channel:
    """One direction of a connection: messages arrive in order; what is cut off never does."""

    def __init__(
        self, world: World, arrived: Callable[[bytes], None], closed: Callable[[], None]
    ) -> None:
        self._world = world
        self._arrived = arrived
        self._closed = closed
        self._on_its_way: deque[bytes] = deque()
        self._last_us = 0
        self._is_cut = False

    def send(self, message: bytes) -> bool:
        if self._is_cut:
            return False
        self._on_its_way.append(message)
        self._last_us = max(self._last_us, self._world.now_us + self._world.delay_us())
        self._world.at(self._last_us, self._arrive)
        return True

    def cut(self, kept: int | None = None) -> None:
        """So many messages more arrive, all that were sent if None; then the end is noticed."""
        if self._is_cut:
            return
        self._is_cut = True
        while kept is not None and len(self._on_its_way) > kept:
            self._on_its_way.pop()
        if not self._on_its_way:
            self._world.later(self._world.random.randrange(1000, 2 * S), self._closed)

    def _arrive(self) -> None:
        if not self._on_its_way:
            return
        self._arrived(self._on_its_way.popleft())
        if self._is_cut and not self._on_its_way:
            self._closed()


class Stored(NamedTuple):
    """A sample, as far as it matters here."""

    seq: int
    captured_us: int
    status: Status


class Publisher:
    """The decoder's end of one connection."""

    def __init__(self, world: World, decoder: "Decoder") -> None:
        self._world = world
        self._decoder = decoder
        self._receiver = Receiver()
        self._contexts = {late: RungContexts(late=late) for late in (False, True)}
        self._reports: Reports | None = None
        self.session: LiveSession | None = None
        self.down: Channel
        self.up: Channel
        self._is_over = False
        self._ended = False

    def receive(self, data: bytes) -> None:
        if self._is_over:
            return
        now_us = self._world.now_us
        match self._receiver.receive(data, now_us, UNIX_US + AHEAD_US + now_us):
            case Hello() as hello:
                self._welcome(hello)
            case Clock() as clock:
                assert self.session is not None
                self.session.told_clock(clock)
            case Ended(lost):
                self._hand_over(lost)
                self._ended = True
                self.settle()
            case frames:
                self._hand_over(frames)

    def _welcome(self, hello: Hello) -> None:
        session = self.session = self._decoder.claim(self)
        interval_us = 1000 * max(50, min(hello.report_interval_ms, 10_000))
        self.down.send(
            self._receiver.welcome(session.next_seq, session.last_captured_us, session.owed)
        )
        self._hand_over(self._receiver.disown())
        self._reports = Reports(self._receiver, session, self._contexts.values(), interval_us)

    def _hand_over(self, frames: list[TakenFrame]) -> None:
        assert self.session is not None
        if frames:
            self.session.owed = self._receiver.owed
            self._decoder.submit(self.session, self._contexts[frames[-1].late], frames)
        if self._reports is not None and self._reports.due_us is None:
            self._reports.news(self._world.now_us)
            self._arm()

    def _arm(self) -> None:
        assert self._reports is not None
        if self._reports.due_us is not None:
            self._world.at(self._reports.due_us, self._tell)

    def _tell(self) -> None:
        if not self._is_over and self._reports is not None:
            for message in self._reports.tell(self._world.now_us):
                self.down.send(message)
            self._arm()

    def settle(self) -> None:
        """Its session's samples are stored; if all of them are, so may its end be."""
        if self._ended and not self._is_over and self.session and not self.session.pending:
            assert self._reports is not None
            self.down.send(self._reports.report(self._world.now_us))
            self.leave(EndCode.FINISHED)

    def leave(self, code: EndCode | None) -> None:
        """The connection is over; `code` is said to the encoder, if it is there."""
        if self._is_over:
            return
        self._is_over = True
        if code is not None:
            stored_seq = self.session.stored_seq if self.session else 0
            self.down.send(self._receiver.end(code, stored_seq))
        self.down.cut()
        self._decoder.released(self)

    def closed(self) -> None:
        self.leave(None)


class Decoder:
    """One session in memory and in the store; frames become samples in rounds."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.series: list[Stored] = []
        """What is stored, in the order of ids."""
        self.undecodable: list[int] = []
        """Frames that came and could not be decoded."""
        self.is_up = True
        self._session: LiveSession | None = None
        self._publishers: list[Publisher] = []
        self._holder: Publisher | None = None
        self._waiting: deque[tuple[LiveSession, RungContexts, TakenFrame]] = deque()
        self._has_round = False

    def accept(self, publisher: Publisher) -> bool:
        if self.is_up:
            self._publishers.append(publisher)
        return self.is_up

    def claim(self, publisher: Publisher) -> LiveSession:
        before, self._holder = self._holder, publisher
        if before is not None:
            before.leave(EndCode.REPLACED)
        if self._session is None:
            self._session = self._load()
        self._session.taken_over()
        return self._session

    def released(self, publisher: Publisher) -> None:
        if publisher in self._publishers:
            self._publishers.remove(publisher)
        if self._holder is publisher:
            self._holder = None
        self._forget()

    def start(self) -> None:
        self.is_up = True

    def kill(self) -> None:
        """What is not stored is gone; the lines break off as they stand."""
        self.is_up = False
        self._waiting.clear()
        self._session = self._holder = None
        publishers, self._publishers = self._publishers, []
        for publisher in publishers:
            publisher.leave(None)
            publisher.down.cut(self._world.random.randrange(4))
            publisher.up.cut(0)

    def drain(self) -> None:
        """It goes away in order: what came is stored."""
        self.is_up = False
        for publisher in list(self._publishers):
            publisher.leave(EndCode.DRAINING)

    def heard(self, stored_seq: int) -> None:
        """An encoder was told that frames below this are stored, but for those that come late."""
        stored = {sample.seq for sample in self.series}
        assert stored_seq == 0 or stored_seq - 1 in stored
        if self._session is not None:
            late = {each.seq for _, _, each in self._waiting if each.late or each.fate is Fate.LOST}
            owed = {n for gap in self._session.owed.gaps for n in range(gap.next_seq, gap.end_seq)}
            assert set(range(stored_seq)) <= stored | late | owed

    def submit(
        self, session: LiveSession, contexts: RungContexts, frames: list[TakenFrame]
    ) -> None:
        session.taken(len(frames), frames[-1].seq + 1, frames[-1].captured_us)
        self._waiting.extend((session, contexts, frame) for frame in frames)
        self._next_round()

    def _next_round(self) -> None:
        if self._waiting and not self._has_round:
            self._has_round = True
            self._world.later(self._world.random.randrange(1000, ROUND_US), self._round)

    def _round(self) -> None:
        """Some of what waits is read and stored."""
        self._has_round = False
        taken = self._world.random.randint(1, len(self._waiting)) if self._waiting else 0
        for session, contexts, frame in [self._waiting.popleft() for _ in range(taken)]:
            status = _STATUS.get(frame.fate)
            if status is None and contexts.decode(frame) is None:
                self.undecodable.append(frame.seq)
            self.series.append(Stored(frame.seq, frame.captured_us, status or Status.OK))
            session.stored(1, frame.seq + 1)
        self._next_round()
        for publisher in list(self._publishers):
            publisher.settle()
        self._forget()

    def _forget(self) -> None:
        """A session that nobody publishes leaves the memory once all of it is stored."""
        if self._session and self._holder is None and not self._session.pending:
            self._session = None

    def _load(self) -> LiveSession:
        """What the store knows, as `Registry` reads it."""
        if not self.series:
            return LiveSession("a", 0, 1, 0, None)
        stored = sorted(self.series)
        gaps = tuple(
            Gap(before.seq + 1, after.seq, before.captured_us, after.captured_us)
            for before, after in pairwise([stored[0]._replace(seq=-1), *stored])
            if after.seq > before.seq + 1
        )
        next_seq, last_us = stored[-1].seq + 1, stored[-1].captured_us
        return LiveSession("a", next_seq, len(stored) + 1, next_seq, last_us, Owed(gaps))


class Encoder:
    """An encoder with its source: connects, sends, comes back, as its live shell does."""

    def __init__(
        self,
        world: World,
        decoder: Decoder,
        settings: StreamSettings,
        frames: Sequence[Captured],
        *,
        backfill: bool = True,
        hurries: bool = False,
    ) -> None:
        capabilities = Capability.CLOCK | Capability.CAPS
        if backfill:
            capabilities |= Capability.BACKFILL
        self._world = world
        self._decoder = decoder
        self._frames = deque(frames)
        self._hurries = hurries
        self._set_us = 0  # by how much its clock was set
        start_us = UNIX_US + world.now_us
        self.stream = make_stream(settings, start_us)
        self._hello = Hello(
            "a",
            world.random.randbytes(8),
            start_us,
            report_interval_ms(settings),
            capabilities,
            cap_bps=settings.link.mean_bps or 0,
        )
        self._persistence = Persistence(NEVER_S, NEVER_S, world.now_us, world.random)
        self._connection: Connection | None = None
        self.up: Channel
        self.down: Channel
        self._was_welcomed = False
        self._source_ended = False
        self.end: End | None = None
        """What ended it for good."""
        self._connect()
        self._watch()

    def cut(self, kept_up: int, kept_down: int) -> None:
        """The connection breaks: so many messages of those on their way still arrive."""
        if self._connection is not None:
            self.up.cut(kept_up)
            self.down.cut(kept_down)

    def _connect(self) -> None:
        if self.end is not None:
            return
        publisher = Publisher(self._world, self._decoder)
        if not self._decoder.accept(publisher):
            self._come_back()
            return
        connection = self._connection = Connection(self._hello, self.stream)
        self.up = publisher.up = Channel(self._world, publisher.receive, publisher.closed)
        self.down = publisher.down = Channel(
            self._world, partial(self._receive, connection), partial(self._closed, connection)
        )
        self.up.send(connection.start())
        self._within(WELCOME_TIMEOUT_S, connection, State.GREETING)

    def _within(self, timeout_s: float, connection: Connection, state: State) -> None:
        """Give up a connection that is in that state for longer."""

        def check() -> None:
            if connection is self._connection and connection.state is state:
                self._abort()

        self._world.later(round(timeout_s * S), check)

    def _abort(self) -> None:
        assert self._connection is not None
        self.up.cut(self._world.random.randrange(4))
        self._closed(self._connection)

    def _closed(self, connection: Connection) -> None:
        if connection is self._connection:
            self._leave()
            self._come_back()

    def _leave(self) -> None:
        assert self._connection is not None
        connection, self._connection = self._connection, None
        connection.lost()
        self.up.cut()

    def _come_back(self) -> None:
        delay_s = self._persistence.next_delay_s(self._world.now_us)
        assert delay_s is not None
        self._world.later(round(delay_s * S), self._connect)

    def _watch(self) -> None:
        if self.end is not None:
            return
        if self._connection and self.stream.unacked_us(self._world.now_us) > SILENCE_US:
            self._abort()
        self._world.later(S, self._watch)

    def _receive(self, connection: Connection, data: bytes) -> None:
        if connection is not self._connection:
            return
        now_us = self._world.now_us
        greeting = connection.state is State.GREETING
        if isinstance(report := parse(data), Report):
            self._decoder.heard(report.stored_seq)
        for answer in connection.receive(data, now_us, self._unix_us()):
            self.up.send(answer)
        self._persistence.contact(now_us)
        if (end := connection.end) is not None:
            self._leave()
            if end.code in END_CODES_TO_COME_BACK:
                self._come_back()
            else:
                self.end = end
            return
        if not greeting:
            self._persistence.success()
        elif not self._was_welcomed:
            self._was_welcomed = True
            self.stream.begin(now_us)
            self._next_frame()
        self._send()

    def _send(self, of: Connection | None = None) -> None:
        """What the line lets go; behind the last of it, the END. of: as long as it is that one."""
        connection = self._connection
        if connection is None or connection.state is not State.OPEN:
            return
        if of is not None and of is not connection:
            return
        now_us = self._world.now_us
        for message in self.stream.outgoing(now_us, self._unix_us()):
            self.up.send(message)
        next_us = self.stream.next_event_us
        if self._source_ended and self.stream.is_told:
            self.up.send(connection.finish())
            self._within(END_TIMEOUT_S, connection, State.ENDING)
        elif next_us is not None:
            assert next_us > now_us, "it would be asked again at once, and again"
            self._world.at(next_us, partial(self._send, connection))

    def _next_frame(self) -> None:
        if self._frames:
            self._world.later(self._frames[0].after_us, self._capture)
        else:
            self._source_ended = True
            self.stream.flush(self._world.now_us)
            if self._hurries:
                self.stream.give_up()
            self._send()

    def _capture(self) -> None:
        frame = self._frames.popleft()
        self._set_us += frame.step_us
        now_us, unix_us = self._world.now_us, self._unix_us()
        if frame.kind is FrameKind.SKIPPED:
            self.stream.skip(unix_us, now_us)
        else:
            face = None if frame.kind is FrameKind.NO_FACE else chip(len(self._frames))
            self.stream.frame(face, unix_us, now_us)
        self._send()
        self._next_frame()

    def _unix_us(self) -> int:
        return UNIX_US + self._set_us + self._world.now_us

"""One publisher's WebSocket, from the greeting to the close: the thin shell around `Receiver`."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.ingest.frames import TakenFrame
from narrowcast_decoder.ingest.live import US_PER_S
from narrowcast_decoder.ingest.message_rate import MessageRate
from narrowcast_decoder.ingest.receiver import Ended, Receiver, State
from narrowcast_decoder.ingest.registry import Claim, Registry
from narrowcast_decoder.ingest.reporting import Reporting
from narrowcast_decoder.ingest.reports import Reports
from narrowcast_decoder.metrics import INTERRUPTED, Metrics, Violation, end_name
from narrowcast_decoder.pipeline import Pipeline
from narrowcast_decoder.security.leases import lease_of
from narrowcast_decoder.security.limits import Limits
from narrowcast_decoder.security.scopes import Scope
from narrowcast_shared.clock import Clock
from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.errors import ProtocolError, StoreError
from narrowcast_shared.wire import messages as wire
from narrowcast_shared.wire.messages import EndCode

logger = logging.getLogger(__name__)

GREETING_TIMEOUT_S = 10.0
IDLE_TIMEOUT_US = 60_000_000
"""An encoder speaks of every frame, face or none; a silent one is gone."""

IDLE_CHECK_S = 5.0

CLOCK_NOTE_S = 1.0

MIN_REPORT_INTERVAL_MS = 50
MAX_REPORT_INTERVAL_MS = 10_000


_CLOSE_CODES = {
    EndCode.FINISHED: CloseCode.SESSION_ENDED,
    EndCode.DRAINING: CloseCode.RESTARTING,
    EndCode.REPLACED: CloseCode.BAD_REQUEST,
    EndCode.PROTOCOL: CloseCode.PROTOCOL_ERROR,
    EndCode.REFUSED: CloseCode.BAD_REQUEST,
    EndCode.FAULT: CloseCode.FAULT,
}


class _Ended(Exception):  # noqa: N818 - a verdict, not an error
    """The connection is to end with this code and reason; `gone` where nobody is left to tell."""

    def __init__(self, code: EndCode, reason: str, *, gone: bool = False) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
        self.gone = gone


class Publisher:
    """One connection: reads, reports, and ends in order whatever happens."""

    def __init__(
        self,
        websocket: WebSocket,
        registry: Registry,
        pipeline: Pipeline,
        clock: Clock,
        metrics: Metrics,
        limits: Limits,
    ) -> None:
        self._websocket = websocket
        self._registry = registry
        self._pipeline = pipeline
        self._clock = clock
        self._metrics = metrics
        self._receiver = Receiver()
        self._limits = limits
        self._lease = lease_of(websocket.scope)
        self._rate = MessageRate(bytes_per_s=limits.publish_bytes_per_s)
        self._contexts: dict[bool, RungContexts] = {}  # by late
        self._heard_us = clock.monotonic_us()
        self._heard_bytes = 0
        self._report_interval_us = 200_000
        self._reporting: Reporting | None = None
        self._is_told = False  # to its end

    async def serve(self, draining: asyncio.Event) -> None:
        """From the greeting to the close."""
        claim: Claim | None = None
        end = _Ended(EndCode.FAULT, "the decoder failed")
        try:
            claim = await self._greet()
            await self._welcome(claim)
            end = await self._converse(claim, draining)
        except _Ended as early:
            end = early
        except StoreError as error:
            logger.warning("a publisher is sent back: %s", error)
            end = _Ended(EndCode.FAULT, error.problem)
        except WebSocketDisconnect:
            end = _Ended(EndCode.FINISHED, "interrupted", gone=True)
        finally:
            await self._close(claim, end)

    async def _greet(self) -> Claim:
        try:
            async with asyncio.timeout(GREETING_TIMEOUT_S):
                hello = self._event(_payload(await self._websocket.receive()))
        except TimeoutError:
            raise self._violation(Violation.NO_HELLO, "no HELLO came") from None
        assert isinstance(hello, wire.Hello)
        self._check_name(hello)
        self._check_welcome(hello.session)
        interval_ms = min(
            max(hello.report_interval_ms, MIN_REPORT_INTERVAL_MS), MAX_REPORT_INTERVAL_MS
        )
        self._report_interval_us = 1000 * interval_ms
        return await self._registry.claim(hello)

    def _check_name(self, hello: wire.Hello) -> None:
        """Raises _Ended where a session that begins has a name that reads as a value. One that goes
        on was begun under an earlier release.
        """
        if hello.owed_from is None:
            try:
                wire.check_new_session_name(hello.session)
            except ProtocolError as error:
                raise _Ended(EndCode.REFUSED, str(error)) from None

    def _check_welcome(self, session: str) -> None:
        """Raises _Ended where the token is not of this session, or no more sessions can be."""
        if not self._lease.use(Scope.PUBLISH, session):
            raise _Ended(
                EndCode.REFUSED,
                f"the token {self._lease.name!r} does not give the right to publish this session",
            )
        live = self._registry.live()
        if len(live) >= self._limits.sessions and session not in live:
            # Not for good: another decoder may have room, or this one later.
            raise _Ended(
                EndCode.DRAINING,
                f"{self._limits.sessions} sessions are published here, and no more can be",
            )

    async def _welcome(self, claim: Claim) -> None:
        session = claim.session
        # A new connection opens every rung with a keyframe; late frames have their own contexts.
        for late in (False, True):
            self._contexts[late] = RungContexts(late=late, session=session.name)
        if claim.preview is not None:
            self._contexts[False] = claim.preview
        logger.info(
            "session %s: published from frame %d on",
            session.name,
            session.next_seq,
            extra={"session": session.name, "seq": session.next_seq},
        )
        welcome = self._receiver.welcome(session.next_seq, session.last_captured_us, session.owed)
        await self._send(welcome)
        await self._submit(claim, self._receiver.disown())

    async def _converse(self, claim: Claim, draining: asyncio.Event) -> _Ended:
        """Run the reader and wait for reasons to stop; the first to come decides."""
        reports = Reports(
            self._receiver, claim.session, self._contexts.values(), self._report_interval_us
        )
        self._reporting = Reporting(self._websocket.send_bytes, reports, self._clock, self._metrics)
        reading = asyncio.create_task(self._read(claim))
        reporting = asyncio.create_task(self._reporting.run())
        noting = asyncio.create_task(self._note_clocks(claim))
        replaced = asyncio.create_task(claim.replaced.wait())
        drained = asyncio.create_task(draining.wait())
        over = asyncio.create_task(claim.session.over.wait())
        revoked = asyncio.create_task(self._lease.revoked.wait())
        tasks: set[asyncio.Task[Any]] = {
            reading, reporting, noting, replaced, drained, over, revoked,
        }  # fmt: skip
        try:
            await self._first_of(tasks, claim)
            if self._is_told:  # that is stored, whatever else has happened meanwhile
                await asyncio.wait({reading})
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if claim.replaced.is_set():
            return _Ended(EndCode.REPLACED, "another encoder publishes this session now")
        if claim.session.verdict is not None:
            return _Ended(*claim.session.verdict)
        if self._lease.revoked.is_set() and not _finished(reading):
            return _Ended(EndCode.REFUSED, "the token is no longer good")
        if draining.is_set() and not _finished(reading):
            return _Ended(EndCode.DRAINING, "the decoder is going away; come back")
        next(task for task in (reading, reporting, noting) if _finished(task)).result()
        return _Ended(EndCode.FINISHED, "finished")

    async def _first_of(self, tasks: "set[asyncio.Task[Any]]", claim: Claim) -> None:
        """Wait until one of them ends. Raises _Ended where the encoder falls silent.

        Looked at now and then: a timer for each message would cost more than parsing it.
        """
        while True:
            done, _ = await asyncio.wait(
                tasks, timeout=IDLE_CHECK_S, return_when=asyncio.FIRST_COMPLETED
            )
            if done:
                return
            now_us = self._clock.monotonic_us()
            if claim.session.pending:
                self._heard_us = now_us  # it is the decoder that is behind
            elif now_us - self._heard_us > IDLE_TIMEOUT_US:
                # Not for good: a camera that stalls may go on.
                raise _Ended(EndCode.DRAINING, f"silent for {IDLE_TIMEOUT_US / 1e6:.0f} s")

    async def _read(self, claim: Claim) -> None:
        """Take messages until the encoder's END, and then until all is stored, the end too."""
        while True:
            event = self._event(_payload(await self._websocket.receive()))
            if isinstance(event, wire.Clock):
                if not claim.replaced.is_set():
                    claim.session.told_clock(event)
            elif isinstance(event, Ended):
                self._is_told = True
                await self._submit(claim, event.lost)
                await self._registry.release(claim, finished=True)
                return
            elif isinstance(event, list):
                await self._submit(claim, event)
            pause_us = self._rate.pause_us(self._heard_us, self._heard_bytes)
            wait_us = self._heard_us + pause_us - self._clock.monotonic_us()
            if pause_us and wait_us > 0:  # too many messages have come
                await asyncio.sleep(wait_us / US_PER_S)

    async def _note_clocks(self, claim: Claim) -> None:
        """Store what the encoder tells of the clocks, now and then; frames do not wait for it."""
        while True:
            await asyncio.sleep(CLOCK_NOTE_S)
            await self._registry.note_clock(claim.session)

    async def _submit(self, claim: Claim, frames: list[TakenFrame]) -> None:
        """Hand frames over, unless a new connection was welcomed without them meanwhile."""
        await self._pipeline.room(claim.session)
        self._hand_over(claim, frames)

    def _hand_over(self, claim: Claim, frames: list[TakenFrame]) -> None:
        if claim.replaced.is_set():
            return
        if frames:
            claim.session.owed = self._receiver.owed
            contexts = self._contexts[frames[-1].late]
            self._pipeline.submit(claim.session, contexts, frames, self._heard_us)
        if self._reporting is not None:  # of frames that are known already, too
            self._reporting.news()

    def _event(self, data: bytes | None) -> object:
        """The event of a message, None for a text. A violation ends the connection."""
        if data is None:
            raise self._violation(Violation.TEXT, "messages are binary")
        state = self._receiver.state
        try:
            self._metrics.message(len(data))
            self._heard_bytes = len(data)
            self._heard_us = self._clock.monotonic_us()
            return self._receiver.receive(data, self._heard_us, self._clock.unix_us())
        except ProtocolError as error:
            kind = Violation.GREETING if state is State.GREETING else Violation.STREAM
            raise self._violation(kind, str(error)) from error

    def _violation(self, kind: Violation, reason: str) -> _Ended:
        self._metrics.violations[kind] += 1
        return _Ended(EndCode.PROTOCOL, reason)

    async def _send(self, data: bytes) -> None:
        await self._websocket.send_bytes(data)

    async def _close(self, claim: Claim | None, end: _Ended) -> None:
        self._metrics.ended[INTERRUPTED if end.gone else end_name(end.code)] += 1
        about = {}
        if claim:
            about = {"session": claim.session.name, "seq": claim.session.next_seq}
        if end.code is EndCode.PROTOCOL:
            logger.warning("a publisher broke the protocol: %s", end.reason, extra=about)
        if not end.gone:
            with suppress(WebSocketDisconnect, RuntimeError):  # it may have left meanwhile
                await self._say_end(claim, end)
        if claim:
            logger.info("session %s: %s", claim.session.name, end.reason, extra=about)
            await self._registry.release(claim, finished=False)

    async def _say_end(self, claim: Claim | None, end: _Ended) -> None:
        if claim and end.code is EndCode.FINISHED:
            assert self._reporting is not None
            await self._send(self._reporting.report())
        next_seq = claim.session.stored_seq if claim else 0
        await self._send(self._receiver.end(end.code, next_seq, end.reason))
        await self._websocket.close(_CLOSE_CODES[end.code])


def _payload(message: Message) -> bytes | None:
    """What a message of ASGI holds; None of a text. Raises WebSocketDisconnect where it is over."""
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", CloseCode.SESSION_ENDED))
    return message.get("bytes")


def _finished(task: "asyncio.Task[None]") -> bool:
    return task.done() and not task.cancelled()

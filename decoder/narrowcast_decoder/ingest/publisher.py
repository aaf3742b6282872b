"""One publisher's WebSocket, from the greeting to the close: the thin shell around `Receiver`."""

import asyncio
import logging
from contextlib import suppress
from typing import Any, NamedTuple

from starlette.websockets import WebSocket, WebSocketDisconnect

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.ingest.frames import TakenFrame
from narrowcast_decoder.ingest.live import US_PER_S
from narrowcast_decoder.ingest.message_rate import MessageRate
from narrowcast_decoder.ingest.receiver import Ended, Receiver, State
from narrowcast_decoder.ingest.registry import Claim, Registry
from narrowcast_decoder.metrics import INTERRUPTED, Metrics, Violation, end_name
from narrowcast_decoder.pipeline import Pipeline
from narrowcast_decoder.security.leases import lease_of
from narrowcast_decoder.security.limits import Limits
from narrowcast_decoder.security.scopes import Scope
from narrowcast_decoder.stages import Stages
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

KEYFRAME_PATIENCE_US = 1_000_000

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


class _Requested(NamedTuple):
    request: wire.KeyframeRequest
    at_us: int


class Publisher:
    """One connection: reads, reports, and ends in order whatever happens."""

    def __init__(
        self,
        websocket: WebSocket,
        registry: Registry,
        pipeline: Pipeline,
        clock: Clock,
        stages: Stages,
        metrics: Metrics,
        limits: Limits,
    ) -> None:
        self._websocket = websocket
        self._registry = registry
        self._pipeline = pipeline
        self._clock = clock
        self._stages = stages
        self._metrics = metrics
        self._receiver = Receiver()
        self._limits = limits
        self._lease = lease_of(websocket.scope)
        self._rate = MessageRate(bytes_per_s=limits.publish_bytes_per_s)
        self._contexts: dict[bool, RungContexts] = {}  # by late
        self._heard_us = clock.monotonic_us()
        self._heard_bytes = 0
        self._report_interval_s = 0.2
        self._requested: dict[bool, _Requested] = {}  # by late

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
                hello = await self._receive()
        except TimeoutError:
            raise self._violation(Violation.NO_HELLO, "no HELLO came") from None
        assert isinstance(hello, wire.Hello)
        self._check_welcome(hello.session)
        interval_ms = min(
            max(hello.report_interval_ms, MIN_REPORT_INTERVAL_MS), MAX_REPORT_INTERVAL_MS
        )
        self._report_interval_s = interval_ms / 1000
        return await self._registry.claim(hello)

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
        """Run reader, reporter and the two reasons to stop; the first to end decides."""
        reading = asyncio.create_task(self._read(claim))
        reporting = asyncio.create_task(self._report(claim))
        replaced = asyncio.create_task(claim.replaced.wait())
        drained = asyncio.create_task(draining.wait())
        over = asyncio.create_task(claim.session.over.wait())
        revoked = asyncio.create_task(self._lease.revoked.wait())
        tasks = {reading, reporting, replaced, drained, over, revoked}
        try:
            await self._first_of(tasks, claim)
            if _finished(reporting) and self._receiver.state is State.ENDED:
                await self._first_of(tasks - {reporting}, claim)  # it has told all, and is gone
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
        ended = reading if _finished(reading) else reporting
        ended.result()  # raises what ended it
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
            event = await self._receive()
            if isinstance(event, wire.Clock):
                claim.session.clock_offset_us = event.offset_us
            elif isinstance(event, Ended):
                await self._submit(claim, event.lost)
                await self._registry.release(claim, finished=True)
                return
            elif isinstance(event, list):
                await self._submit(claim, event)
            if pause_us := self._rate.pause_us(self._heard_us, self._heard_bytes):
                await asyncio.sleep(pause_us / US_PER_S)

    async def _submit(self, claim: Claim, frames: list[TakenFrame]) -> None:
        """Hand frames over, unless a new connection was welcomed without them meanwhile."""
        await self._pipeline.room(claim.session)
        if frames and not claim.replaced.is_set():
            claim.session.owed = self._receiver.owed
            contexts = self._contexts[frames[-1].late]
            self._pipeline.submit(claim.session, contexts, frames, self._heard_us)

    async def _receive(self) -> object:
        """The next message's event. A text message and a violation end the connection."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", CloseCode.SESSION_ENDED))
        data = message.get("bytes")
        if data is None:
            raise self._violation(Violation.TEXT, "messages are binary")
        state = self._receiver.state
        try:
            with self._stages.parse:
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

    async def _report(self, claim: Claim) -> None:
        """Acknowledge at the interval that the encoder asked for, where there is news."""
        told = (-1, -1)
        while True:
            await asyncio.sleep(self._report_interval_s)
            session = claim.session
            if (session.next_seq, session.stored_seq) != told:
                told = (session.next_seq, session.stored_seq)
                await self._send_report(claim)
            for contexts in self._contexts.values():
                await self._request_keyframe(contexts.keyframe_wanted)

    async def _request_keyframe(self, wanted: wire.KeyframeRequest | None) -> None:
        """Ask once an epoch, and again where no keyframe came within a second."""
        if wanted is None:
            return
        now_us, asked = self._clock.monotonic_us(), self._requested.get(wanted.late)
        again = asked is not None and asked.request == wanted
        if again and asked and now_us - asked.at_us < KEYFRAME_PATIENCE_US:
            return
        self._requested[wanted.late] = _Requested(wanted, now_us)
        self._metrics.keyframe_requests += 1
        await self._send(self._receiver.request_keyframe(wanted))

    async def _send_report(self, claim: Claim) -> None:
        session = claim.session
        now_us = self._clock.monotonic_us()
        await self._send(self._receiver.report(session.stored_seq, session.pending, now_us))

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
            await self._send_report(claim)
        next_seq = claim.session.stored_seq if claim else 0
        await self._send(self._receiver.end(end.code, next_seq, end.reason))
        await self._websocket.close(_CLOSE_CODES[end.code])


def _finished(task: "asyncio.Task[None]") -> bool:
    return task.done() and not task.cancelled()

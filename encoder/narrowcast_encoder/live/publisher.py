"""Publishes one stream: connects, converses, and comes back after every outage."""

import asyncio
import contextlib
import logging
from random import Random

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from narrowcast_encoder.session.connection import Connection, State
from narrowcast_encoder.session.stream import Stream
from narrowcast_shared.clock import Clock
from narrowcast_shared.errors import LinkError, ProtocolError
from narrowcast_shared.remote import refusals
from narrowcast_shared.remote.address import Address
from narrowcast_shared.remote.backoff import Persistence
from narrowcast_shared.remote.refusals import UnreachableError
from narrowcast_shared.see import See
from narrowcast_shared.wire import MAX_MESSAGE_BYTES, SUBPROTOCOL
from narrowcast_shared.wire.messages import End, EndCode, Hello

logger = logging.getLogger(__name__)

OPEN_TIMEOUT_S = 10.0
WELCOME_TIMEOUT_S = 10.0
END_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 0.5
SILENCE_US = 20_000_000
WATCH_S = 1.0

_COME_BACK = {EndCode.DRAINING, EndCode.FAULT}

_PAGES = {EndCode.PROTOCOL: See.PROTOCOL, EndCode.REFUSED: See.ACCESS}
"""Where the documentation says more of an end."""


class Publisher:
    """Carries one `Stream` to one decoder. `run` ends when the stream is told to its end."""

    def __init__(
        self, stream: Stream, hello: Hello, address: Address, clock: Clock, patience_s: float
    ) -> None:
        """`patience_s`: how long a decoder may be away, at first and in an outage."""
        self._stream = stream
        self._hello = hello
        self._address = address
        self._clock = clock
        self._persistence = Persistence(
            patience_s,
            patience_s,
            clock.monotonic_us(),
            Random(),  # noqa: S311 - jitter
        )
        self._stirred = asyncio.Event()
        self._source_ended = self._source_failed = False
        self._away = False  # nobody answers, and that was told
        self.welcomed = asyncio.Event()
        """Set once the decoder has taken the session on for the first time."""

    def stir(self) -> None:
        """The stream has something new; the sender takes a look."""
        self._stirred.set()

    def hurry(self) -> None:
        """Somebody waits for the end: what is held is told, and no longer coded."""
        self._stream.give_up()
        self._stirred.set()

    def source_ended(self, *, failed: bool = False) -> None:
        """No more frames: send what is left, then the END.

        failed: the source broke down, and may be taken up again: there is no END, and the decoder
        calls the session interrupted.
        """
        self._stream.flush(self._clock.monotonic_us())
        self._source_ended = True
        self._source_failed |= failed
        self._stirred.set()

    async def run(self) -> None:
        """Publish until the END is acknowledged. Raises LinkError where the decoder refuses,
        or stays away for longer than the patience.
        """
        while True:
            try:
                end = await self._connect_once()
            except UnreachableError as error:
                await self._pause(error)
                continue
            if end is None or end.code is EndCode.FINISHED:
                return
            if end.code not in _COME_BACK:
                raise LinkError(
                    f"the decoder at {self._address.base} ended the stream",
                    end.reason,
                    see=_PAGES.get(end.code),
                )
            await self._pause(UnreachableError(f"{self._address.base}: {end.reason}"))

    async def _pause(self, error: UnreachableError) -> None:
        delay_s = self._persistence.next_delay_s(self._clock.monotonic_us())
        if delay_s is None:
            raise error
        if self._away:
            logger.info("%s; trying again in %.1f s", error.problem, delay_s)
        else:  # once an outage: who waits for it should know
            self._away = True
            logger.warning("%s; trying again", error)
        await asyncio.sleep(delay_s)

    def _tell_back(self) -> None:
        if self._away:
            self._away = False
            logger.warning("%s answers now", self._address.base)

    async def _connect_once(self) -> End | None:
        """One connection from HELLO to END. None where the source failed, and there is none.

        Raises UnreachableError where it breaks off.
        """
        socket = await self._open()
        connection = Connection(self._hello, self._stream)
        try:
            async with socket:
                return await self._converse(socket, connection)
        except ConnectionClosed as closed:
            if connection.end is not None:
                return connection.end
            raise UnreachableError(
                f"the connection to {self._address.base} broke off ({closed})"
            ) from closed
        except TimeoutError as error:
            raise UnreachableError(f"the decoder at {self._address.base} owes an answer") from error
        except ProtocolError as error:
            raise LinkError(
                f"{self._address.base} does not speak narrowcast's wire format ({error})",
                "install the same release of narrowcast at both ends",
                see=See.PROTOCOL,
            ) from error
        finally:
            connection.lost()

    async def _open(self) -> ClientConnection:
        try:
            return await connect(
                self._address.publish_url(),
                subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
                compression=None,  # access units do not shrink any further
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=None,  # reports show that the decoder lives, at no cost to the cap
                max_size=MAX_MESSAGE_BYTES,
                proxy=None if self._address.is_loopback else True,
                additional_headers=self._address.headers,
                ssl=self._address.tls,
            )
        except OSError as error:
            raise refusals.of_network(error, self._address) from error
        except (WebSocketException, ImportError) as error:
            raise refusals.of_handshake(error, self._address) from error

    async def _converse(self, socket: ClientConnection, connection: Connection) -> End | None:
        await socket.send(connection.start())
        async with asyncio.timeout(WELCOME_TIMEOUT_S):
            while connection.state is State.GREETING:
                await self._receive(socket, connection)
        if connection.end is not None:
            return connection.end
        self._persistence.contact(self._clock.monotonic_us())
        self._tell_back()
        if not self.welcomed.is_set() and self._stream.next_seq > 0:
            logger.warning(
                "session %s exists: it continues after frame %d (`encode --new` begins another)",
                self._hello.session,
                self._stream.next_seq - 1,
            )
        self.welcomed.set()
        sending = asyncio.create_task(self._send(socket, connection))
        listening = asyncio.create_task(self._listen(socket, connection))
        watching = asyncio.create_task(self._watch(socket))
        try:
            await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
            if not listening.done():
                with contextlib.suppress(ConnectionClosed):  # `listening` knows why
                    await sending
                    if self._source_failed:
                        return None
            async with asyncio.timeout(END_TIMEOUT_S):  # all is said: an answer is owed
                return await listening
        finally:
            tasks = (sending, listening, watching)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, socket: ClientConnection, connection: Connection) -> End:
        while True:
            await self._receive(socket, connection)
            self._persistence.contact(self._clock.monotonic_us())
            if connection.end is not None:
                return connection.end
            self._persistence.success()

    async def _watch(self, socket: ClientConnection) -> None:
        """Cut a line that has gone dead: TCP alone would take a quarter of an hour."""
        while True:
            await asyncio.sleep(WATCH_S)
            if self._stream.unacked_us(self._clock.monotonic_us()) > SILENCE_US:
                logger.warning("no acknowledgement for %d s", SILENCE_US // 1_000_000)
                socket.transport.abort()
                return

    async def _receive(self, socket: ClientConnection, connection: Connection) -> None:
        message = await socket.recv(decode=False)
        assert isinstance(message, bytes)
        now_us, unix_us = self._clock.monotonic_us(), self._clock.unix_us()
        for answer in connection.receive(message, now_us, unix_us):
            with contextlib.suppress(ConnectionClosed):  # why it is may be yet to be read
                await socket.send(answer)
        self._stirred.set()  # what is held may go on

    async def _send(self, socket: ClientConnection, connection: Connection) -> None:
        """Send what the line lets go, when it lets it go; at the end of the source, the END."""
        while True:
            self._stirred.clear()
            now_us, unix_us = self._clock.monotonic_us(), self._clock.unix_us()
            for message in self._stream.outgoing(now_us, unix_us):
                await socket.send(message)
            next_us = self._stream.next_event_us
            if self._source_ended and self._stream.is_told:
                if not self._source_failed:
                    await socket.send(connection.finish())
                    return
                if not self._stream.unacked_us(now_us):
                    return
            wait_s = None if next_us is None else max(0, next_us - now_us) / 1e6
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._stirred.wait()

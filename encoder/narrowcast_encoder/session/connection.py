"""The encoder's side of one connection, Sans-I/O: bytes in, bytes out. docs/protocol.md.

GREETING --WELCOME--> OPEN --end()--> ENDING --END--> ENDED
any state --END or a violation--> ENDED
"""

import logging
from enum import Enum, auto

from narrowcast_encoder.session.flight import Offset
from narrowcast_encoder.session.stream import Stream
from narrowcast_shared.errors import ProtocolError
from narrowcast_shared.wire.messages import (
    Capability,
    Clock,
    End,
    EndCode,
    Hello,
    KeyframeRequest,
    Message,
    Report,
    Welcome,
)
from narrowcast_shared.wire.serial import parse, serialise

logger = logging.getLogger(__name__)

CLOCK_STEP_US = 5_000
"""The decoder is told of the clocks' offset when the estimate has moved by more than this; and
when its round trip, whose half is what it is off by at most, is half of what it was.
"""


class State(Enum):
    """Where a connection stands."""

    GREETING = auto()
    OPEN = auto()
    ENDING = auto()
    ENDED = auto()


class Connection:
    """Speaks for one stream over one WebSocket."""

    def __init__(self, hello: Hello, stream: Stream) -> None:
        self._hello = hello
        self._stream = stream
        self._state = State.GREETING
        self._use_clock = False
        self._told_offset: Offset | None = None
        self.end: End | None = None
        """The decoder's END, once it has come."""

    @property
    def state(self) -> State:
        return self._state

    def _move(self, state: State) -> None:
        logger.debug("connection %s -> %s", self._state.name, state.name)
        self._state = state

    def start(self) -> bytes:
        """The HELLO, first message of the connection."""
        if Capability.BACKFILL not in self._hello.capabilities:
            return serialise(self._hello)
        return serialise(self._hello._replace(owed_from=self._stream.owed_from))

    def receive(self, data: bytes, now_us: int, unix_us: int) -> list[bytes]:
        """Take one message of the decoder at `now_us` (monotonic). Returns what to send at once.

        Raises ProtocolError on a message that is malformed or out of place.
        """
        message = parse(data)
        if isinstance(message, End):
            self.end = message
            self._move(State.ENDED)
            return []
        if self._state is State.GREETING:
            self._welcome(message)
            return []
        return self._open(message, now_us, unix_us)

    def finish(self) -> bytes:
        """The END that tells the decoder how many frames there were, all of them sent."""
        self._move(State.ENDING)
        return serialise(End(EndCode.FINISHED, self._stream.next_seq))

    def lost(self) -> None:
        """The transport is gone."""
        self._stream.disconnected()
        self._move(State.ENDED)

    def _welcome(self, message: Message) -> None:
        if not isinstance(message, Welcome):
            raise ProtocolError(f"the decoder began with {type(message).__name__}, not WELCOME")
        self._use_clock = bool(message.capabilities & Capability.CLOCK)
        both = message.capabilities & self._hello.capabilities
        self._stream.connected(
            message.next_seq,
            message.max_message_bytes,
            backfill=Capability.BACKFILL in both,
            told_cap_bps=self._hello.cap_bps if Capability.CAPS in both else None,
        )
        self._move(State.OPEN)

    def _open(self, message: Message, now_us: int, unix_us: int) -> list[bytes]:
        match message:
            case Report():
                self._stream.reported(message, now_us, unix_us)
                return self._clock()
            case KeyframeRequest():
                self._stream.want_keyframe(late=message.late)
                return []
            case _:
                raise ProtocolError(f"the decoder sent {type(message).__name__} out of place")

    def _clock(self) -> list[bytes]:
        offset = self._stream.clock_offset
        is_of_use = self._use_clock and self._state is State.OPEN  # nothing comes behind the END
        if not is_of_use or offset is None or not self._worth_telling(offset):
            return []
        self._told_offset = offset
        message = serialise(Clock(*offset))
        self._stream.sent_past(message)
        return [message]

    def _worth_telling(self, offset: Offset) -> bool:
        told = self._told_offset
        if told is None or 2 * offset.round_trip_us < told.round_trip_us - CLOCK_STEP_US:
            return True
        moved_us = abs(offset.offset_us - told.offset_us)
        return moved_us > max(CLOCK_STEP_US, offset.round_trip_us // 2)

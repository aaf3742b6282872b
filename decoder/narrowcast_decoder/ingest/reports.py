"""What an encoder is told while it publishes, and when. Pure: time is an argument."""

from collections.abc import Iterable
from typing import NamedTuple

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.ingest.live import LiveSession
from narrowcast_decoder.ingest.receiver import Receiver
from narrowcast_shared.wire import messages as wire

KEYFRAME_PATIENCE_US = 1_000_000
MAX_PATIENCE_US = 16_000_000
"""Each time that a keyframe is asked for again it is waited for twice as long, up to this: where no
face comes there is none to be had, and every word costs a thin line something.
"""


class _Requested(NamedTuple):
    request: wire.KeyframeRequest
    again_us: int
    patience_us: int


class Reports:
    """Of one connection: an acknowledgement an interval while there is news, keyframes asked for.

    due_us: when `tell` is to be called next (monotonic); None where there is nothing to tell.
    """

    def __init__(
        self,
        receiver: Receiver,
        session: LiveSession,
        contexts: Iterable[RungContexts],
        interval_us: int,
    ) -> None:
        self.due_us: int | None = None
        self.keyframe_requests = 0
        """So many were sent."""
        self._receiver = receiver
        self._session = session
        self._contexts = tuple(contexts)
        self._interval_us = interval_us
        self._reported_us = 0
        self._told = (-1, -1)  # messages, and what is stored
        self._requested: dict[int, _Requested] = {}  # by place of the contexts

    def news(self, now_us: int) -> None:
        """A message has come: report soon. After a pause it is waited for what follows it."""
        if self.due_us is None:
            after_us = max(self._reported_us, now_us - self._interval_us // 2)
            self.due_us = after_us + self._interval_us

    def tell(self, now_us: int) -> list[bytes]:
        """The messages that are due, and settle when something is again."""
        messages: list[bytes] = []
        self._reported_us = now_us
        # Messages, not frames: late ones, and those sent again, leave the end where it is.
        position = (self._receiver.messages, self._session.stored_seq)
        if position != self._told:
            messages.append(self.report(now_us))
            self._told = position
        wanted = [each.keyframe_wanted for each in self._contexts]
        for place, request in enumerate(wanted):
            if self._is_due(place, request, now_us):
                assert request is not None
                messages.append(self._receiver.request_keyframe(request))
        is_over = not self._session.pending and not any(wanted)
        self.due_us = None if is_over else now_us + self._interval_us
        return messages

    def report(self, now_us: int) -> bytes:
        """All that has come by now, acknowledged."""
        return self._receiver.report(self._session.stored_seq, self._session.pending, now_us)

    def _is_due(self, place: int, wanted: wire.KeyframeRequest | None, now_us: int) -> bool:
        """Whether to ask for a keyframe: once, and again where none came."""
        if wanted is None:
            self._requested.pop(place, None)
            return False
        asked, patience_us = self._requested.get(place), KEYFRAME_PATIENCE_US
        if asked is not None and asked.request == wanted:
            if now_us < asked.again_us:
                return False
            patience_us = min(2 * asked.patience_us, MAX_PATIENCE_US)
        self._requested[place] = _Requested(wanted, now_us + patience_us, patience_us)
        self.keyframe_requests += 1
        return True

"""How many messages a publisher may send, and how many bytes; what is more waits."""

from narrowcast_decoder.ingest.live import US_PER_S
from narrowcast_decoder.security.limits import Limits

MAX_MESSAGES_PER_S = 1000
"""Eight times what an encoder at 120 fps sends; a file that is sent as fast as can be is held back.

Frames are bounded by the pipeline, but not every message has any.
"""


class MessageRate:
    """One connection's. The time is handed in."""

    def __init__(
        self, per_s: int = MAX_MESSAGES_PER_S, bytes_per_s: int = Limits().publish_bytes_per_s
    ) -> None:
        self._per_s = per_s
        self._bytes_per_s = bytes_per_s
        self._since_us = 0
        self._count = 0
        self._bytes = 0

    def pause_us(self, now_us: int, size_bytes: int = 0) -> int:
        """Count a message that came at `now_us` (monotonic): how long none is to be taken, us."""
        if now_us - self._since_us >= US_PER_S:
            self._since_us, self._count, self._bytes = now_us, 0, 0
        self._count += 1
        self._bytes += size_bytes
        if self._count <= self._per_s and self._bytes <= self._bytes_per_s:
            return 0
        return self._since_us + US_PER_S - now_us

"""How many messages a publisher may send; what is more waits."""

from narrowcast_decoder.ingest.live import US_PER_S

MAX_MESSAGES_PER_S = 1000
"""Eight times what an encoder at 120 fps sends; a file that is sent as fast as can be is held back.

Frames are bounded by the pipeline, but not every message has any.
"""


class MessageRate:
    """One connection's. The time is handed in."""

    def __init__(self, per_s: int = MAX_MESSAGES_PER_S) -> None:
        self._per_s = per_s
        self._since_us = 0
        self._count = 0

    def pause_us(self, now_us: int) -> int:
        """Count a message that came at `now_us` (monotonic): how long none is to be taken, us."""
        if now_us - self._since_us >= US_PER_S:
            self._since_us, self._count = now_us, 0
        self._count += 1
        return 0 if self._count <= self._per_s else self._since_us + US_PER_S - now_us

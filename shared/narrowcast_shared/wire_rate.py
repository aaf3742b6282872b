"""Wire rate over the last two seconds, as samples report it."""

from collections import deque

from narrowcast_shared.wire.cost import wire_bytes

WINDOW_US = 2_000_000


class WireRateMeter:
    """Counts messages with their headers over a sliding window; time is an argument."""

    def __init__(self) -> None:
        self._messages: deque[tuple[int, int]] = deque()
        self._bytes = 0

    def add(self, payload_bytes: int, now_us: int) -> None:
        """Count one message of `payload_bytes` seen at `now_us`."""
        size = wire_bytes(payload_bytes)
        self._messages.append((now_us, size))
        self._bytes += size

    def bps(self, now_us: int) -> int:
        """Bits per second on the line over the two seconds that end at `now_us`."""
        while self._messages and self._messages[0][0] <= now_us - WINDOW_US:
            self._bytes -= self._messages.popleft()[1]
        return round(8 * self._bytes * 1_000_000 / WINDOW_US)

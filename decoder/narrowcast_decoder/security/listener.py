"""Connections counted where they are accepted, before anything is made for them."""

import logging
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from narrowcast_decoder.security import refusals
from narrowcast_decoder.security.addresses import Network, is_of, limit_key
from narrowcast_decoder.security.buckets import Bucket, Buckets, Rate
from narrowcast_decoder.security.limits import Limits
from narrowcast_decoder.security.refusals import Kind, Refusal
from narrowcast_shared.clock import Clock

logger = logging.getLogger(__name__)

MAX_REFUSED_AT_ONCE = 64
"""Before the event loop has its turn again."""

_WAIT_S = 5.0
_LOG_LINES = Rate(per_s=0.5, burst=5)


class Doorkeeper:
    """How many connections there are, and which one is too many. Time is an argument."""

    def __init__(self, limits: Limits, *, by_address: bool, proxies: Sequence[Network]) -> None:
        self._limits = limits
        self._by_address = by_address
        self._proxies = proxies
        self._total = 0
        self._of_address: Counter[str] = Counter()
        per_s = limits.new_connections_per_s
        self._new = Buckets(Rate(per_s, per_s * limits.burst_s))

    @property
    def total(self) -> int:
        """Connections that are open now."""
        return self._total

    def enter(self, address: str, now_us: int) -> Refusal | None:
        """Count a connection that has come at `now_us` (monotonic), or say why it may not be."""
        limits = self._limits
        if self._total >= limits.connections:
            return _too_many(f"{limits.connections} connections are open, and no more can be")
        if self._by_address and not is_of(address, self._proxies):
            key = limit_key(address)
            if self._of_address[key] >= limits.connections_per_address:
                return _too_many(f"{limits.connections_per_address} connections of this address")
            if wait_s := self._new.take(key, now_us):
                return Refusal(
                    Kind.TOO_MANY_REQUESTS,
                    f"over {limits.new_connections_per_s:g} new connections/s of this address",
                    "wait for as long as Retry-After says",
                    wait_s,
                )
        self._total += 1
        self._of_address[limit_key(address)] += 1
        return None

    def leave(self, address: str) -> None:
        """A connection that was counted is over."""
        key = limit_key(address)
        self._total -= 1
        self._of_address[key] -= 1
        if not self._of_address[key]:
            del self._of_address[key]


class GuardedListener(socket.socket):
    """A listening socket that turns away at once who is too many.

    `guard` is called before anything is accepted.
    """

    _door: Doorkeeper
    _clock: Clock
    _lines: Bucket
    _plain: bool

    def guard(self, door: Doorkeeper, clock: Clock, *, plain: bool) -> None:
        """plain: no TLS, so that a refusal can be told."""
        self._door, self._clock, self._plain = door, clock, plain
        self._lines = Bucket(_LOG_LINES, clock.monotonic_us())

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection that may be. Raises BlockingIOError where there is none now."""
        for _ in range(MAX_REFUSED_AT_ONCE):
            connection, peer = super().accept()
            address = str(peer[0])
            refusal = self._door.enter(address, self._clock.monotonic_us())
            if refusal is None:
                return CountedSocket.of(connection, partial(self._door.leave, address)), peer
            self._turn_away(connection, address, refusal)
        raise BlockingIOError

    def _turn_away(self, connection: socket.socket, address: str, refusal: Refusal) -> None:
        if self._lines.take(self._clock.monotonic_us()):
            logger.warning("refused (%s): a connection of %s", refusal.kind, address)
        with connection, suppress(OSError):
            if self._plain:
                connection.setblocking(False)
                connection.send(refusals.raw(refusal))
                connection.shutdown(socket.SHUT_WR)


class CountedSocket(socket.socket):
    """A connection that says when it is closed."""

    _on_close: Callable[[], None] | None = None

    @classmethod
    def of(cls, connection: socket.socket, on_close: Callable[[], None]) -> "CountedSocket":
        """The same connection; the socket that is handed in is no longer one."""
        counted = cls(fileno=connection.detach())
        counted._on_close = on_close
        return counted

    def close(self) -> None:
        super().close()
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()


def _too_many(detail: str) -> Refusal:
    return Refusal(Kind.TOO_MANY_CONNECTIONS, detail, "come back later", _WAIT_S)

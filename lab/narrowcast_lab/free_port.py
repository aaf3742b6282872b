"""A TCP port that nobody listens on, and that nobody else who asks here is given.

Between this look and the start of the child that listens there, seconds may pass. In that time
another process, such as a second worker of the same tests, would now and then be given the same
number. So a port that was given is claimed: its number is bound in UDP, which TCP does not mind,
for as long as this process lives and has not asked for many more.
"""

import atexit
import random
import socket
from collections import deque

PORTS = range(20_000, 32_000)
"""Below those that Linux and others give to outgoing connections: between this look and the start
of whoever listens there, a connection that somebody opens would take one of those.
"""

TRIES = 100
CLAIMS = 64
"""So many of the newest claims are held; a child that was to listen has long done so by then."""

_claims: deque[socket.socket] = deque()


def free_port() -> int:
    """A free port, claimed. A program that does not ask here may take it first; then the child that
    wanted it says so.

    Raises OSError where none of a hundred is free.
    """
    for port in random.sample(PORTS, TRIES):
        claim = socket.socket(type=socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("", port))
        except OSError:
            claim.close()
            continue
        _hold(claim)
        return port
    raise OSError(f"none of {TRIES} ports from {PORTS.start} on is free")


def _hold(claim: socket.socket) -> None:
    if not _claims:
        atexit.register(_release)
    _claims.append(claim)
    while len(_claims) > CLAIMS:
        _claims.popleft().close()


def _release() -> None:
    while _claims:
        _claims.pop().close()

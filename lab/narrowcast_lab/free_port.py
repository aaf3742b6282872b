"""A TCP port that nobody listens on."""

import random
import socket

PORTS = range(20_000, 32_000)
"""Below those that Linux and others give to outgoing connections: between this look and the start
of whoever listens there, a connection that somebody opens would take one of those.
"""

TRIES = 100


def free_port() -> int:
    """A free port. Somebody else may take it first; then the child that wanted it says so.

    Raises OSError where none of a hundred is free.
    """
    for port in random.sample(PORTS, TRIES):
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port
    raise OSError(f"none of {TRIES} ports from {PORTS.start} on is free")

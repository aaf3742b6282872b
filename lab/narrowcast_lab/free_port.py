"""A TCP port on loopback that nobody listens on."""

import socket


def free_port() -> int:
    """A free port. Somebody else may take it first; then the child that wanted it says so."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

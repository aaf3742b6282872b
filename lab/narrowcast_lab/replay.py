"""Plays messages of given sizes, at given times, over a TCP connection; times both ends.

    python -m narrowcast_lab.replay receive HOST PORT    < sizes        > arrivals
    python -m narrowcast_lab.replay send HOST PORT       < (time, size) > departures

Two programs for two network namespaces of one machine: its monotonic clock is the same in both.
Each takes its plan as a line of JSON and answers in one, times in us.
"""

import json
import socket
import sys
import time
from collections.abc import Sequence

CONNECT_TIMEOUT_S = 10.0


def receive(address: tuple[str, int], sizes: Sequence[int]) -> list[int]:
    """Monotonic times at which the last byte of each message was there."""
    arrivals = []
    with socket.create_server(address) as server:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as stream:
            for size in sizes:
                stream.read(size)
                arrivals.append(_now_us())
    return arrivals


def send(address: tuple[str, int], plan: Sequence[tuple[int, int]]) -> list[int]:
    """Send messages of so many bytes so many us after the start; when they were handed over."""
    departures = []
    with _connect(address) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start_us = _now_us()
        for at_us, size in plan:
            time.sleep(max(0, start_us + at_us - _now_us()) / 1e6)
            departures.append(_now_us())
            connection.sendall(bytes(size))
    return departures


def _connect(address: tuple[str, int]) -> socket.socket:
    deadline = time.monotonic() + CONNECT_TIMEOUT_S
    while True:
        try:
            return socket.create_connection(address)
        except OSError:  # the other end is still starting
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _now_us() -> int:
    return time.monotonic_ns() // 1000


def main() -> None:
    """Play the part that the command line names."""
    part, host, port = sys.argv[1:]
    plan = json.loads(sys.stdin.readline())
    play = receive if part == "receive" else send
    sys.stdout.write(json.dumps(play((host, int(port)), plan)) + "\n")


if __name__ == "__main__":
    main()

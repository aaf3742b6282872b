"""How much one decoder takes: numbers alone. docs/operations.md says what happens to more."""

from typing import NamedTuple


class Limits(NamedTuple):
    """At most. Those by address hold where others than this machine reach the service."""

    connections: int = 4096
    connections_per_address: int = 256
    new_connections_per_s: float = 50  # by address
    requests_per_s: float = 50  # by address
    token_requests_per_s: float = 200  # by token
    sessions: int = 1024
    subscribers: int = 3000
    subscribers_per_session: int = 2000
    publish_bytes_per_s: int = (
        2_000_000  # of each publisher: thrice 96-px chips without loss at 120 fps
    )
    request_s: float = 10  # until a request has come, head and body
    body_bytes: int = 16_384

    @property
    def burst_s(self) -> float:
        """So many seconds of a rate may come at once."""
        return 4.0

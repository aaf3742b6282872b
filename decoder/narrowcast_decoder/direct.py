"""The short way between a WebSocket and the application: no queue, and no task to be woken.

ASGI hands each message over through a queue to a task, which costs more than what is done for a
frame. The service's own server (`web_socket`) offers this beside it, in the scope's extensions
(https://asgi.readthedocs.io/en/latest/extensions.html); what it does not take goes the usual way.
"""

from collections.abc import Callable
from typing import Any, Protocol, cast

from starlette.websockets import WebSocket

EXTENSION = "narrowcast.direct"

Taker = Callable[[bytes], bool]
"""Takes a binary message while nothing before it waits; False leaves it to `receive`."""


class DirectSocket(Protocol):
    """A WebSocket that is open. Belongs to the event loop; nothing waits."""

    taker: Taker | None
    """Who gets binary messages first."""

    def write(self, payload: bytes, *, text: bool = False) -> bool:
        """Send one message now. False where it cannot be: the line is full, or is closing."""
        ...


def direct(websocket: WebSocket) -> DirectSocket | None:
    """The short way of a WebSocket; None where its server has none."""
    extensions: dict[str, Any] = websocket.scope.get("extensions") or {}
    return cast("DirectSocket | None", extensions.get(EXTENSION))

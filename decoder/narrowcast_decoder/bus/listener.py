"""What the bus tells this decoder: new samples of the sessions that are followed here, and which
sessions were taken over, ended or deleted, wherever that was. One connection, however many follow.
"""

import asyncio
import logging
from collections import Counter
from typing import Any, Protocol

from valkey.asyncio.connection import AbstractConnection
from valkey.exceptions import ValkeyError

from narrowcast_decoder.bus import encoding, keys
from narrowcast_decoder.bus.client import BusClient
from narrowcast_decoder.bus.errors import store_error
from narrowcast_decoder.bus.hub import BusHub
from narrowcast_shared.errors import StoreError

_log = logging.getLogger(__name__)

RETRY_S = 0.5

PING_S = 2.0
"""So often the bus is asked whether it is there; it has as long to answer."""

CHANNELS_AT_ONCE = 500


class OnLost(Protocol):
    """Told of a hold on a session that somebody took, or that a deletion has ended."""

    def __call__(self, session: str, hold: int, *, deleted: bool) -> None: ...


class Listener:
    """Keeps a hub told. `run` ends when it is cancelled."""

    def __init__(self, client: BusClient, hub: BusHub, on_lost: OnLost) -> None:
        self._client = client
        self._hub = hub
        self._on_lost = on_lost
        self._database = client.address.database
        self._changed = asyncio.Event()
        self._asked: set[str] = set()  # sessions whose channels are subscribed to, or about to be
        self._answers_due: Counter[str] = Counter()
        self.heard = asyncio.Event()
        """Set while the bus is listened to."""

    async def run(self) -> None:
        """Listen until cancelled; where the connection is lost, everybody joins anew."""
        self._hub.on_change = self._changed.set
        while True:
            try:
                await self._listen()
            except* (ValkeyError, OSError) as group:
                self._say_lost(store_error(self._client.address.shown, _first(group)))
            self._asked.clear()
            self._answers_due.clear()
            self._hub.interrupted()
            await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        connection = self._client.connection()
        try:
            await connection.connect()
            await connection.send_command("SUBSCRIBE", keys.events(self._database))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._hear(connection))
                tasks.create_task(self._follow(connection))
                tasks.create_task(_ping(connection))
        finally:
            await connection.disconnect(nowait=True)

    async def _hear(self, connection: AbstractConnection) -> None:
        while True:
            async with asyncio.timeout(2 * PING_S):
                kind, *rest = await connection.read_response(timeout=None)
            self._take(kind.decode(), rest)

    def _take(self, kind: str, rest: list[Any]) -> None:
        match kind, rest:
            case "subscribe", [name, _]:
                self._subscribed(name.decode())
            case "message", [name, data]:
                try:
                    self._message(name.decode(), data)
                except (StoreError, ValueError) as error:
                    # Somebody else has spoken. Had it been samples, who follows finds the gap.
                    _log.warning("not understood: %s", error)

    def _subscribed(self, name: str) -> None:
        if name == keys.events(self._database):
            self._say_heard()
            return
        session = keys.session_of(self._database, name)
        self._answers_due[session] -= 1
        if not self._answers_due[session]:
            del self._answers_due[session]
            if session in self._asked:  # and not given up meanwhile
                self._hub.carried(session)

    def _message(self, name: str, data: bytes) -> None:
        if name == keys.events(self._database):
            self._event(data.decode())
        else:
            session = keys.session_of(self._database, name)
            self._hub.heard(encoding.message(session, data))

    def _event(self, text: str) -> None:
        what, hold, session = text.split(" ", 2)
        if what in ("taken", "deleted"):
            self._on_lost(session, int(hold), deleted=what == "deleted")
        if what in ("ended", "deleted"):
            self._hub.heard_end(session)

    async def _follow(self, connection: AbstractConnection) -> None:
        """Have the channels subscribed to of the sessions that are followed, and of no others."""
        while True:
            self._changed.clear()
            followed = set(self._hub.followed)
            for session in self._asked - followed:
                self._hub.dropped(session)
            await self._send(connection, "UNSUBSCRIBE", self._asked - followed)
            self._answers_due.update(followed - self._asked)
            new, self._asked = followed - self._asked, followed
            await self._send(connection, "SUBSCRIBE", new)
            await self._changed.wait()

    async def _send(self, connection: AbstractConnection, command: str, sessions: set[str]) -> None:
        names = [keys.channel(self._database, session) for session in sorted(sessions)]
        for start in range(0, len(names), CHANNELS_AT_ONCE):
            await connection.send_command(command, *names[start : start + CHANNELS_AT_ONCE])

    def _say_heard(self) -> None:
        _log.info("the bus %s is listened to", self._client.address.shown)
        self.heard.set()

    def _say_lost(self, error: StoreError) -> None:
        if self.heard.is_set():
            _log.warning("who follows a session here waits: %s", error)
        self.heard.clear()


async def _ping(connection: AbstractConnection) -> None:
    """A connection that is cut without a word is noticed by the answer that does not come."""
    while True:
        await connection.send_command("PING", check_health=False)
        await asyncio.sleep(PING_S)


def _first(group: BaseExceptionGroup[Any]) -> Any:  # noqa: ANN401 - one of those that are caught
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error

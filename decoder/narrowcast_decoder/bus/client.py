"""Commands to the server, whose errors come out as StoreErrors."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from valkey.asyncio import BlockingConnectionPool, Valkey
from valkey.asyncio.connection import AbstractConnection, Connection
from valkey.exceptions import NoScriptError, ReadOnlyError, ValkeyError

from narrowcast_decoder.bus.address import BusAddress
from narrowcast_decoder.bus.errors import store_error
from narrowcast_shared.errors import StoreError

CONNECTIONS = 8
"""At most, beside the one that listens; a command waits for one that is free."""

CONNECT_S = 2.0

ANSWER_S = 5
"""How long an answer may take, the wait for a free connection included."""

_SCRIPTS = Path(__file__).with_name("lua")

Word = str | int | float | bytes


class BusClient:
    """One server, and a few connections to it. Nothing is tried twice here."""

    def __init__(self, address: BusAddress) -> None:
        self.address = address
        self._pool = _pool(address)
        self._client = Valkey(connection_pool=self._pool)
        self._is_closed = False

    async def call(self, *command: Word) -> Any:  # noqa: ANN401 - as the server
        """The server's answer. Raises StoreError."""
        async with self._answer():
            return await self._client.execute_command(*command)

    async def call_all(self, commands: Sequence[Sequence[Word]]) -> list[Any]:
        """The answers to several commands, in one round trip; others may come in between."""
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        async with self._answer():
            return list(await pipeline.execute())

    async def script(self, name: str, keys: Sequence[str], arguments: Sequence[Word]) -> Any:  # noqa: ANN401 - as the server
        """What the script `lua/<name>.lua` gives; no other command comes in between."""
        tail = (len(keys), *keys, *arguments)
        async with self._answer():
            try:
                return await self._client.execute_command("EVALSHA", _hash(name), *tail)
            except NoScriptError:  # the server has started anew, or this one is new to it
                return await self._client.execute_command("EVAL", _script(name), *tail)

    def connection(self) -> AbstractConnection:
        """One more connection, for the caller to open and close."""
        made: AbstractConnection = self._pool.make_connection()
        return made

    async def close(self) -> None:
        """Close all connections; every later call is a StoreError. Closing twice is fine."""
        self._is_closed = True
        await self._pool.disconnect()

    @asynccontextmanager
    async def _answer(self) -> AsyncIterator[None]:
        """Wait for an answer so long and no longer; whatever goes wrong is a StoreError."""
        if self._is_closed:
            raise StoreError(f"the bus {self.address.shown} is closed")
        try:
            async with asyncio.timeout(ANSWER_S):
                yield
        except ReadOnlyError as error:
            # It was the primary once: what its address means now, only a new connection finds out.
            await self._pool.disconnect(inuse_connections=False)
            raise store_error(self.address.shown, error) from error
        except (ValkeyError, OSError) as error:
            raise store_error(self.address.shown, error) from error


@cache
def _script(name: str) -> str:
    return (_SCRIPTS / f"{name}.lua").read_text()


@cache
def _hash(name: str) -> str:
    """By what the server knows a script."""
    return hashlib.sha1(_script(name).encode(), usedforsecurity=False).hexdigest()


def _pool(address: BusAddress) -> BlockingConnectionPool:
    connection = {"connection_class": Connection} | address.connection
    return BlockingConnectionPool(
        max_connections=CONNECTIONS,
        timeout=ANSWER_S,
        # The library would wait by `asyncio.wait_for`, which before Python 3.12 may swallow the
        # cancellation of a task.
        socket_timeout=None,
        socket_connect_timeout=CONNECT_S,
        client_name="narrowcast",
        **connection,
    )

"""Whether a server can carry the series, looked at once, before anything is written."""

import logging
from typing import Any

from narrowcast_decoder.bus import keys
from narrowcast_decoder.bus.client import BusClient
from narrowcast_shared.errors import StoreError

_log = logging.getLogger(__name__)

FORMAT = 3
"""Of the keys and entries that this release writes."""

OLDER_FORMATS = ("1", "2")
"""Which it reads, and goes on with: in 1 no entry had a cap, in 2 no session a checksum of its
model's weights, so that releases of before would leave that of another model standing.
"""

OLDEST = (7, 0)
"""Scripts that say how they behave where memory is short came with Redis 7.0."""


async def check(client: BusClient) -> None:
    """Raises StoreError where the server cannot be used. Warns of what it may lose."""
    info: dict[str, Any] = await client.call("INFO")
    shown = client.address.shown
    version = str(info.get("valkey_version") or info.get("redis_version", "0"))
    if _numbers(version) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise StoreError(
            f"the bus {shown} is version {version}", f"Valkey, or Redis from {oldest} on, is wanted"
        )
    if info.get("cluster_enabled"):
        raise StoreError(
            f"the bus {shown} is a cluster, in which samples of several sessions cannot be stored "
            "together",
            "name a server of its own; replicas of it are fine",
        )
    if info.get("role") != "master":
        raise StoreError(f"the bus {shown} is a replica", "name the primary with --bus")
    _warn(shown, info)
    await _check_format(client)


def _warn(shown: str, info: dict[str, Any]) -> None:
    if not info.get("aof_enabled"):
        _log.warning(
            "the bus %s keeps no append-only file: what is acknowledged is lost with it; "
            "set appendonly yes",
            shown,
        )
    policy = info.get("maxmemory_policy", "noeviction")
    if info.get("maxmemory") and policy != "noeviction":
        _log.warning(
            "the bus %s drops keys where memory is short (%s), series among them; "
            "set maxmemory-policy noeviction",
            shown,
            policy,
        )


async def _check_format(client: BusClient) -> None:
    await client.call("SETNX", keys.FORMAT, FORMAT)
    found = (await client.call("GET", keys.FORMAT) or b"").decode(errors="replace")
    if found in OLDER_FORMATS:
        await client.call("SET", keys.FORMAT, FORMAT)
    elif found != str(FORMAT):
        raise StoreError(
            f"the series on the bus {client.address.shown} have format {found}, "
            f"this release writes {FORMAT}",
            "use the release of narrowcast that wrote them, or name another database",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())

"""What goes wrong in a cluster, one function each: what is done to it, under which streams."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from narrowcast_lab import processes
from narrowcast_lab.cluster.crowd import Crowd, Outcome, crowd
from narrowcast_lab.cluster.replica import Replica
from narrowcast_lab.cluster.stand import Stand
from narrowcast_shared.errors import LinkError

SESSIONS = 6

BUS_AWAY_S = 1.0
PAUSE_S = 5.0
"""Longer than the balancer takes to notice."""

STOP_S = 10.0

Scenario = Callable[[Stand, Path], Coroutine[Any, Any, Outcome]]


async def subscriber_moved(stand: Stand, folder: Path) -> Outcome:
    """Subscribers go on at another replica, after the last id that they have."""
    del folder
    names = _names("moved")
    async with crowd(stand.url, names) as streams:
        for replica in stand.replicas * 2:
            streams.fault()
            for follower in streams.followers.values():
                follower.move(replica.url)
            await streams.recovered()
            await streams.settled()
        return await streams.finish(stand.url)


async def two_encoders(stand: Stand, folder: Path) -> Outcome:
    """Another encoder publishes the same session at another replica: the first is sent away."""
    del folder
    streams, name = Crowd(), "twice"
    try:
        one = streams.publish(name, stand.replicas[0].url)
        await streams.until(one.welcomed.is_set, "the first is there")
        streams.follow(name, stand.url)
        await streams.settled()
        streams.publish(name, stand.replicas[-1].url)
        await streams.until(lambda: one.sent_away, "the first is sent away")
        streams.fault()
        await streams.recovered()
        await streams.settled()
        return await streams.finish(stand.url)
    finally:
        await streams.leave()


async def bus_restarted(stand: Stand, folder: Path) -> Outcome:
    """SIGKILL for the Valkey server; it is started again on its file a second later."""
    del folder
    async with crowd(stand.url, _names("bus")) as streams:
        streams.fault()
        stand.bus.kill()
        await asyncio.sleep(BUS_AWAY_S)
        await asyncio.to_thread(stand.bus.start)
        await streams.recovered()
        await streams.settled()
        return await streams.finish(stand.url)


async def replica_slow(stand: Stand, folder: Path) -> Outcome:
    """A replica stands still for seconds, and wakes up to sessions that are no longer its own."""
    del folder
    names = _names("slow")
    async with crowd(stand.url, names) as streams:
        victim = stand.publisher_of(names[0])
        victim.pause()
        try:
            streams.fault()
            await asyncio.sleep(PAUSE_S)
            await streams.recovered()
        finally:
            victim.resume()
        await streams.until(lambda: not victim.publishes(names[0]), "the paused one lets go")
        await streams.settled()
        return await streams.finish(stand.url)


async def replica_killed(stand: Stand, folder: Path) -> Outcome:
    """SIGKILL for a replica, under `narrowcast encode` and others; it is started again at once."""
    name = "killed-encode"
    async with encode(stand.url, name, folder / "encode.log") as (encoder, log):
        await _begun(stand, name, encoder, log)
        async with crowd(stand.url, _names("killed")) as streams:
            streams.follow(name, stand.url)
            await streams.settled()
            victim = stand.publisher_of(name)
            streams.fault()
            victim.kill()
            await _started(victim)
            await streams.recovered()
            await streams.settled()
            await _ended(encoder, log)
            return await streams.finish(stand.url)


async def rolling_restart(stand: Stand, folder: Path) -> Outcome:
    """SIGTERM for each replica in turn, and the next one's once it answers again."""
    del folder
    async with crowd(stand.url, _names("rolling")) as streams:
        for replica in stand.replicas:
            streams.fault()
            await asyncio.to_thread(replica.stop)
            await _started(replica)
            await streams.recovered()
            await streams.settled()
        return await streams.finish(stand.url)


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        subscriber_moved,
        two_encoders,
        bus_restarted,
        replica_slow,
        replica_killed,
        rolling_restart,
    )
}


@asynccontextmanager
async def encode(
    url: str, session: str, log: Path
) -> "AsyncIterator[tuple[subprocess.Popen[bytes], Path]]":
    """`narrowcast encode` of the source `sample`, without end."""
    arguments = ["encode", "sample", "--loop", "--px", "32", "--qp", "36"]
    where = ["--to", url, "--session", session]
    with processes.narrowcast([*arguments, *where], log) as child:
        yield child, log


def _names(scenario: str) -> list[str]:
    return [f"{scenario}-{number}" for number in range(SESSIONS)]


async def _begun(stand: Stand, name: str, encoder: "subprocess.Popen[bytes]", log: Path) -> None:
    url = f"{stand.url}/v1/sessions/{name}"
    await asyncio.to_thread(processes.wait_for_session, url, encoder, log)


async def _started(replica: Replica) -> None:
    replica.start()
    await asyncio.to_thread(replica.wait_ready)


async def _ended(encoder: "subprocess.Popen[bytes]", log: Path) -> None:
    """SIGTERM; it ends in order once all that it has sent is acknowledged."""
    encoder.terminate()
    check_end(await asyncio.to_thread(encoder.wait, STOP_S), log)


def check_end(status: int, log: Path) -> None:
    """Raises LinkError where `narrowcast encode` has failed, or was not told that all is stored."""
    if status != os.EX_OK:
        raise LinkError(f"narrowcast encode ended with {status}", processes.last_line(log))
    if "has not acknowledged" in log.read_text(errors="replace"):
        raise LinkError("narrowcast encode was not told that all is stored")

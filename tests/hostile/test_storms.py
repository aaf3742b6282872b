"""Too much of everything: connections, requests, subscriptions, sessions, bytes."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack, suppress

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.messages import EndCode, Frame, FrameKind
from narrowcast_shared.wire.serial import parse, serialise

from ..faults.beside import going_on  # noqa: TID252 - the one there is
from ..faults.publisher import dial, hello, publishing  # noqa: TID252
from .guarded import (
    BURST_S,
    CUT,
    LIMITS,
    Guarded,
    ask,
    good_session,
    hear,
    knock,
    source,
)


def test_connections_of_one_address_are_counted(decoder: Guarded, tried: list[str]) -> None:
    """64 stay; of 80 more each hears 503; once some have gone, there is room again."""
    most = LIMITS["connections-per-address"]

    def storm() -> None:
        address = source()
        with ExitStack() as stack:
            held = [stack.enter_context(knock(decoder, b"", address)) for _ in range(most)]
            # At once: those that are held have said nothing, and will be cut.
            more = [knock(decoder, b"", address) for _ in range(80)]
            answers = [hear(peer) for peer in more]
            assert {answer[:2] for answer in answers} == {(503, "too-many-connections")}
            assert ask(decoder, "/healthz", source()).status == 200, "others are let in"
            for peer in held[:10]:
                peer.close()
            deadline_s = time.monotonic() + 90
            while ask(decoder, "/healthz", address).status != 200:
                assert time.monotonic() < deadline_s
        tried.extend(["connection"] * (most + 80))

    async def scenario() -> None:
        async with going_on(decoder.at(decoder.good), good_session()):
            await asyncio.to_thread(storm)

    asyncio.run(scenario())


def test_connections_that_come_too_fast_are_turned_away(decoder: Guarded, tried: list[str]) -> None:
    """Each is ended at once, so that only their number a second counts."""
    burst = BURST_S * LIMITS["new-connections-per-s"]

    def storm() -> None:
        address, answers = source(), Counter[tuple[int, str]]()
        deadline_s = time.monotonic() + 90
        while answers[429, "too-many-requests"] < 20 and time.monotonic() < deadline_s:
            for _ in range(burst):
                knock(decoder, b"", address).close()
            peers = [knock(decoder, b"", address) for _ in range(20)]
            answers.update(hear(peer)[:2] for peer in peers)
            tried.extend(["connection"] * (burst + 20))
        # Those that it has not yet seen close are connections too.
        assert set(answers) <= {(429, "too-many-requests"), (503, "too-many-connections"), CUT[:2]}
        assert answers[429, "too-many-requests"] >= 20, answers
        assert ask(decoder, "/healthz", source()).status == 200, "others are let in"

    async def scenario() -> None:
        async with going_on(decoder.at(decoder.good), good_session()):
            await asyncio.to_thread(storm)

    asyncio.run(scenario())


def test_requests_that_come_too_fast_hear_429(decoder: Guarded, tried: list[str]) -> None:
    burst = BURST_S * LIMITS["requests-per-s"]

    def storm() -> tuple[Counter[int], float]:
        address, statuses = source(), Counter[int]()
        request = f"GET /healthz HTTP/1.1\r\nHost: {decoder.authority}\r\n\r\n".encode()
        began_s = time.monotonic()
        while statuses[429] < 50 and time.monotonic() < began_s + 90:
            answers = b""
            with (
                knock(decoder, request * 20, address) as peer,  # several on one connection
                suppress(ConnectionResetError),
            ):
                while answers.count(b"HTTP/1.1 ") < 20 and (more := peer.recv(65536)):
                    answers += more
            for part in answers.split(b"HTTP/1.1 ")[1:]:
                statuses[int(part[:3])] += 1
        return statuses, time.monotonic() - began_s

    async def scenario() -> tuple[Counter[int], float]:
        async with going_on(decoder.at(decoder.good), good_session()):
            return await asyncio.to_thread(storm)

    statuses, took_s = asyncio.run(scenario())
    tried += ["request"] * statuses.total()
    assert set(statuses) == {200, 429}
    assert burst <= statuses[200] <= burst + (took_s + 1) * LIMITS["requests-per-s"]


def test_subscriptions_beyond_the_limit_are_refused(decoder: Guarded, tried: list[str]) -> None:
    """Ten follow a session; of thirty more each hears 503; one that leaves makes room."""
    most = LIMITS["subscribers-per-session"]

    async def scenario() -> None:
        session, reader = good_session(), decoder.at(decoder.good)
        url = reader.subscribe_url(session, 1)

        def follow() -> connect:
            local = (source(), 0)
            return connect(url, additional_headers=reader.headers, proxy=None, local_addr=local)

        async with going_on(reader, session), AsyncExitStack() as stack:
            followers = [await stack.enter_async_context(follow()) for _ in range(most)]
            for _ in range(15):
                await refused(follow())
                events = f"/v1/sessions/{session}/events"
                answer = await asyncio.to_thread(ask, decoder, events, source(), decoder.good)
                assert answer[:2] == (503, "too-many-subscribers")
            assert all([await follower.recv() for follower in followers])
            await followers[0].close()
            async with asyncio.timeout(90):
                await once_there_is_room(follow)
        tried.extend(["subscription"] * (most + 31))

    async def once_there_is_room(follow: Callable[[], connect]) -> object:
        while True:
            with suppress(InvalidStatus):
                async with follow() as again:
                    return await again.recv()
            await asyncio.sleep(0.1)

    async def refused(dialled: connect) -> None:
        with pytest.raises(InvalidStatus) as raised:
            await dialled
        assert raised.value.response.status_code == 503
        assert b"too-many-subscribers" in bytes(raised.value.response.body or b"")

    asyncio.run(scenario())


def test_sessions_beyond_the_limit_are_told_to_come_back(
    decoder: Guarded, tried: list[str]
) -> None:
    async def scenario() -> None:
        good, local = decoder.at(decoder.good), source()
        async with going_on(good, good_session()), AsyncExitStack() as stack:
            names = [good_session() for _ in range(LIMITS["sessions"] - 1)]
            for name in names:
                await stack.enter_async_context(publishing(good, name, local))
            for _ in range(12):
                async with dial(good, local) as socket:
                    await socket.send(serialise(hello(good_session())))
                    end = parse(await socket.recv(decode=False))  # type: ignore[arg-type]
                    await socket.wait_closed()
                    assert end.code is EndCode.DRAINING  # type: ignore[union-attr]
                    assert "8 sessions are published here" in end.reason  # type: ignore[union-attr]
                    assert socket.close_code == CloseCode.RESTARTING
            # One that is here may come again, as after an outage.
            await stack.enter_async_context(publishing(good, names[0], local))
        tried.extend(["session"] * 20)

    asyncio.run(scenario())


def test_bytes_beyond_the_limit_wait(decoder: Guarded, tried: list[str]) -> None:
    """Four seconds' worth takes about four, however fast it is sent."""

    async def scenario() -> float:
        good, local = decoder.at(decoder.good), source()
        async with going_on(good, good_session()), publishing(good, good_session(), local) as one:
            started_s = time.monotonic()
            skipped = [Frame(one.ticks(), FrameKind.SKIPPED)]
            noise = Frame(one.ticks(), FrameKind.KEYFRAME, (b"\x67" + b"\x01" * 50_000,))
            for _ in range(12):
                await one.send([noise], Rung(32, 30))
            await one.send(skipped)
            await one.until_acknowledged(13)
            await one.finish()
            return time.monotonic() - started_s

    took_s = asyncio.run(scenario())
    tried.append("600 kB")
    assert 1.5 < took_s < 90


def test_a_storm_of_connections_that_send_nothing_leaves_nothing(
    decoder: Guarded, tried: list[str]
) -> None:
    """From forty addresses, each within its limits; all are cut, and none is left in memory."""

    async def scenario() -> None:
        async with going_on(decoder.at(decoder.good), good_session()):
            peers = await asyncio.to_thread(storm)
            await asyncio.sleep(LIMITS["request-s"] + 1)
            for peer in peers:
                assert hear(peer) == CUT

    def storm() -> list[socket.socket]:
        return [
            knock(decoder, b"", address)
            for address in (source() for _ in range(40))
            for _ in range(20)
        ]

    asyncio.run(scenario())
    tried += ["connection"] * 800

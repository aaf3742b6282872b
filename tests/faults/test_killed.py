"""A decoder and encoders that are killed in mid-stream."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager, suppress
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from narrowcast_client import subscribe
from narrowcast_lab import processes
from narrowcast_shared.samples import Sample, Status
from narrowcast_shared.wire.messages import Capability, Data, Frame, FrameKind, Hello
from narrowcast_shared.wire.serial import serialise

from .beside import going_on
from .publisher import Publisher, hello, publishing
from .series import check, nothing_is_lost, read
from .service import Service, service, soon, stored

PUBLISHERS = 8


async def play_until_closed(publisher: Publisher) -> None:
    with suppress(ConnectionClosed):
        await publisher.play(1000)


async def publish_until_killed(decoder: Service, greetings: list[Hello]) -> list[int]:
    """Kill the decoder under these publishers; what each was told to be stored."""
    async with AsyncExitStack() as stack:
        publishers = [
            await stack.enter_async_context(publishing(decoder.url, greeting))
            for greeting in greetings
        ]
        playing = [asyncio.create_task(play_until_closed(each)) for each in publishers]
        for publisher in publishers:
            await publisher.until_acknowledged(publisher.seq + 10)
        decoder.kill()
        await asyncio.gather(*playing)
    return [publisher.acknowledged for publisher in publishers]


async def follow(url: str, session: str, seen: list[Sample]) -> None:
    """Remember what a subscriber sees."""
    async with aclosing(subscribe(url, session, wait=True)) as samples:
        async for sample in samples:
            seen.append(sample)  # noqa: PERF401 - it is cancelled


async def kill_while_seen(
    decoder: Service, greetings: list[Hello]
) -> tuple[list[int], list[Sample]]:
    """The same, and what a subscriber to the first one had seen by then."""
    seen: list[Sample] = []
    following = asyncio.create_task(follow(decoder.url, greetings[0].session, seen))
    told = await publish_until_killed(decoder, greetings)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    return told, seen


async def go_on(url: str, greeting: Hello, told: int) -> None:
    """Take a session up after a kill, and end it."""
    async with publishing(url, greeting) as publisher:
        assert publisher.seq >= told
        await publisher.play(10)
        await publisher.finish()


async def all_go_on(url: str, greetings: list[Hello], told: list[int]) -> None:
    await asyncio.gather(*(go_on(url, *each) for each in zip(greetings, told, strict=True)))


def no_faces(first_seq: int, count: int, *, late: bool = False) -> bytes:
    frames = tuple(Frame(40 * (first_seq + i), FrameKind.NO_FACE) for i in range(count))
    return serialise(Data(0, first_seq, frames, late=late))


async def leave_with_a_gap(url: str, greeting: Hello) -> None:
    """Frames 0 to 4 and 10 to 14, and no goodbye."""
    async with publishing(url, greeting) as publisher:
        await publisher.socket.send(no_faces(0, 5))
        await publisher.socket.send(no_faces(10, 5))
        await publisher.until_acknowledged(15)
        publisher.socket.transport.abort()


async def take_up_gaps(url: str, same: Hello) -> None:
    """The encoder that left one fills it; another one of the name cannot."""
    async with publishing(url, same._replace(owed_from=5)) as publisher:
        assert publisher.seq == 15
        await publisher.socket.send(no_faces(5, 5, late=True))
        await publisher.finish()
    async with publishing(url, hello("other", Capability.BACKFILL)) as publisher:
        assert publisher.seq == 15
        await publisher.finish()


def test_what_was_acknowledged_or_seen_survives_a_killed_decoder(folder: Path) -> None:
    """1. Two sessions are left with a gap each. 2. The decoder is killed under load, twice.
    3. Each time the store has what publishers were told of and what a subscriber saw.
    4. All go on, and the gaps are filled by whoever can.
    """
    port = processes.free_port()
    greetings = [hello(f"cam-{number}") for number in range(PUBLISHERS)]
    same = hello("same", Capability.BACKFILL)
    told: list[int] = []
    for attempt in range(2):
        with service(folder, port) as decoder:
            if attempt == 0:
                asyncio.run(leave_with_a_gap(decoder.url, same))
                asyncio.run(leave_with_a_gap(decoder.url, same._replace(session="other")))
            told, seen = asyncio.run(kill_while_seen(decoder, greetings))
        for greeting, frames in zip(greetings, told, strict=True):
            samples = stored(folder, greeting.session)
            check(samples)
            assert len(samples) >= frames >= 10
        assert seen
        assert stored(folder, "cam-0")[: len(seen)] == seen
    for session in ("same", "other"):
        assert [s.seq for s in stored(folder, session)] == [*range(5), *range(10, 15)]
    with service(folder, port) as decoder:
        assert decoder.state("same") == "interrupted"
        asyncio.run(take_up_gaps(decoder.url, same))
        for session, status in (("same", Status.NO_FACE), ("other", Status.LOST)):
            samples = ended_series(decoder, session)
            assert [(s.seq, s.status) for s in samples[10:]] == [(n, status) for n in range(5, 10)]
        asyncio.run(all_go_on(decoder.url, greetings, told))
        for greeting in greetings:
            samples = ended_series(decoder, greeting.session)
            nothing_is_lost(samples)


def ended_series(decoder: Service, session: str) -> list[Sample]:
    """All of a session that has ended, checked."""
    state, samples = read(decoder.url, session)
    assert state == "ended"
    check(samples)
    return samples


@contextmanager
def encoder(decoder: Service) -> "Iterator[subprocess.Popen[bytes]]":
    arguments = ["encode", "sample", "--loop", "--to", decoder.url, "--session", "killed"]
    with processes.narrowcast(arguments, decoder.folder / "encoder.log") as child:
        yield child


def test_a_killed_encoder_leaves_a_session_that_can_be_taken_up(decoder: Service) -> None:
    async def scenario() -> None:
        async with going_on(decoder.url):
            # 1. It is killed: the session is interrupted, soon and by itself.
            with encoder(decoder) as child:
                await soon(lambda: decoder.samples("killed") >= 10, "frames come")
                assert decoder.state("killed") == "live"
                child.kill()
                await soon(lambda: decoder.state("killed") == "interrupted", "it is noticed", 2.0)
            # 2. Another incarnation goes on; its line breaks within a message.
            greeting = hello("killed")
            async with publishing(decoder.url, greeting) as publisher:
                taken = publisher.seq
                await publisher.play(10)
                await publisher.until_acknowledged(taken + 10)
                publisher.socket.transport.write(b"\x82\xfe\x01\x00half a frame of WebSocket")
                publisher.socket.transport.abort()
            # 3. The same one comes back, and ends.
            async with publishing(decoder.url, greeting) as publisher:
                assert publisher.seq == taken + 10
                await publisher.play(10)
                await publisher.finish()
        samples = await asyncio.to_thread(ended_series, decoder, "killed")
        assert len(samples) == taken + 20
        assert Status.LOST not in {sample.status for sample in samples}

    asyncio.run(scenario())

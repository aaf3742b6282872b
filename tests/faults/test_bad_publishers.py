"""Publishers that send what they should not, beside one that goes on as if nothing were."""

import asyncio
import random
from collections.abc import Iterable
from itertools import count

import pytest

from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.samples import Sample, Status
from narrowcast_shared.wire import MAX_MESSAGE_BYTES
from narrowcast_shared.wire.messages import Data, EndCode, Frame, FrameKind, KeyframeRequest
from narrowcast_shared.wire.serial import serialise

from .beside import going_on
from .publisher import RUNG, Publisher, clip, publishing
from .series import check, read
from .service import Service, soon

MEMORY_BYTES = 40_000_000
"""What faults may leave behind in memory: buffers of a batch, not pictures of 16384 px."""

# Clause 7.3.2.1.1 of ITU-T H.264: High profile, 1024x1024 macroblocks, no cropping.
GIANT_SPS = bytes.fromhex("6764000af2d00080000400c8")

CLOSE_TOO_BIG = 1009  # RFC 6455, section 7.4.1

names = (f"bad-{number}" for number in count())


def samples_of(decoder: Service, session: str) -> list[Sample]:
    _, samples = read(decoder.url, session)
    check(samples)
    return samples


def coded_message() -> bytes:
    """DATA of five frames, a keyframe first."""
    units = clip()[:5]
    kinds = [FrameKind.KEYFRAME] + [FrameKind.DELTA] * 4
    frames = tuple(
        Frame(400 * i, kind, unit.nals)
        for i, (kind, unit) in enumerate(zip(kinds, units, strict=True))
    )
    return serialise(Data(0, 0, frames, RUNG))


async def is_a_violation(url: str, data: bytes) -> None:
    """One message that costs its connection, and says why."""
    async with publishing(url, next(names)) as publisher:
        await publisher.socket.send(data)
        end = await publisher.ended()
        assert end.code is EndCode.PROTOCOL
        assert end.reason
        assert publisher.socket.close_code == CloseCode.PROTOCOL_ERROR


async def are_violations(url: str, messages: Iterable[bytes]) -> None:
    for data in messages:
        await is_a_violation(url, data)


def test_every_truncation_of_a_message_is_a_violation(decoder: Service) -> None:
    whole = coded_message()
    lengths = {*range(20), *range(20, len(whole), 7), len(whole) - 1}

    async def scenario() -> None:
        async with going_on(decoder.url):
            await are_violations(decoder.url, (whole[:length] for length in sorted(lengths)))

    asyncio.run(scenario())


def test_garbage_costs_the_connection_it_came_by(decoder: Service) -> None:
    """Bytes at random, some as messages, some in place of the WebSocket itself."""
    rng = random.Random(1)
    # The first byte is no message of an encoder's, so that none can be one by chance.
    garbage = [bytes([0x0F]) + rng.randbytes(rng.randrange(2000)) for _ in range(20)]

    async def breaks_the_web_socket(data: bytes) -> None:
        async with publishing(decoder.url, next(names)) as publisher:
            publisher.socket.transport.write(data)
            async with asyncio.timeout(90):
                await publisher.socket.wait_closed()

    async def is_too_long() -> None:
        async with publishing(decoder.url, next(names)) as publisher:
            await publisher.socket.send(bytes(MAX_MESSAGE_BYTES + 1))
            async with asyncio.timeout(90):
                await publisher.socket.wait_closed()
            assert publisher.socket.close_code == CLOSE_TOO_BIG

    async def scenario() -> None:
        async with going_on(decoder.url):
            await are_violations(decoder.url, garbage)
            for data in (b"\xff" * 50, b"GET / HTTP/1.1\r\n\r\n", b"\x82\x05plain"):
                await breaks_the_web_socket(data)
            await is_too_long()

    asyncio.run(scenario())


def test_sequence_numbers_that_repeat_or_run_backwards_make_no_second_sample(
    decoder: Service,
) -> None:
    order = [(0, 5), (0, 5), (3, 5), (20, 5), (10, 5), (24, 4), (20, 8), (5, 30), (1, 1)]

    async def scenario() -> None:
        async with (
            going_on(decoder.url),
            publishing(decoder.url, "order") as publisher,
        ):
            for first, frames in order:
                publisher.seq = first
                numbers = range(first, first + frames)
                await publisher.send([Frame(400 * n, FrameKind.NO_FACE) for n in numbers])
            publisher.seq = 35
            await publisher.finish()

    asyncio.run(scenario())
    samples = samples_of(decoder, "order")
    assert [s.seq for s in samples] == list(range(35)), "order of ids and of numbers"
    assert [s.seq for s in samples if s.status is Status.LOST] == list(range(8, 20))


def test_a_stream_of_another_size_is_lost_and_the_right_one_is_read(decoder: Service) -> None:
    """1. The rung says 32 px, the SPS 48. 2. Asked for a keyframe, it sends one of 32 px."""

    async def scenario() -> None:
        async with (
            going_on(decoder.url),
            publishing(decoder.url, "sizes") as publisher,
        ):
            wrong = Rung(48, RUNG.qp)
            await publisher.send([publisher.next_frame(wrong) for _ in range(5)], RUNG)
            await until_asked(publisher)
            publisher.start_over()
            await publisher.play(5)
            await publisher.finish()

    asyncio.run(scenario())
    statuses = [s.status for s in samples_of(decoder, "sizes")]
    assert statuses == [Status.LOST] * 5 + [Status.OK] * 5


async def until_asked(publisher: Publisher) -> None:
    async with asyncio.timeout(90):
        while not publisher.requests:
            publisher.stirred.clear()
            await publisher.stirred.wait()
    assert publisher.requests.pop() == KeyframeRequest(0)


def test_a_header_that_claims_16384_px_costs_no_memory(decoder: Service) -> None:
    _, pps, idr = clip()[0].nals

    async def scenario() -> None:
        async with (
            going_on(decoder.url),
            publishing(decoder.url, "giant") as publisher,
        ):
            await publisher.play(5)
            before_bytes = decoder.resident_bytes()
            for _ in range(20):
                claim = Frame(publisher.ticks(), FrameKind.KEYFRAME, (GIANT_SPS, pps, idr))
                await publisher.send([claim])
            await publisher.until_acknowledged(25)
            assert decoder.resident_bytes() - before_bytes < MEMORY_BYTES
            publisher.start_over()
            await publisher.play(1)
            await publisher.finish()

    asyncio.run(scenario())
    statuses = [s.status for s in samples_of(decoder, "giant")]
    assert statuses == [Status.OK] * 5 + [Status.LOST] * 20 + [Status.OK]


def damaged(unit: tuple[bytes, ...], how: str) -> tuple[bytes, ...]:
    """An access unit of one slice with its bytes spoilt."""
    (nal,) = unit
    match how:
        case "cut":
            return (nal[:3],)
        case "noise":
            return (nal[:1] + bytes(random.Random(2).randrange(1, 256) for _ in nal[1:]),)
        case "start code":
            return (nal + b"\x00\x00\x01\x67\x64",)
        case "parameter set":
            return (b"\x67" + nal[1:],)
    raise ValueError(how)


@pytest.mark.parametrize("how", ["cut", "noise", "start code", "parameter set"])
def test_a_corrupt_access_unit_is_lost_up_to_the_keyframe_that_is_asked_for(
    decoder: Service, how: str
) -> None:
    session = f"corrupt-{how.replace(' ', '-')}"

    async def scenario() -> int:
        async with (
            going_on(decoder.url),
            publishing(decoder.url, session) as publisher,
        ):
            await publisher.play(5)
            spoilt = publisher.next_frame()
            await publisher.send([spoilt._replace(nals=damaged(spoilt.nals, how))])
            while not publisher.requests:  # what builds on it is of no use
                await publisher.play(1)
                await asyncio.sleep(0.04)
                assert publisher.seq < 5 + 50
            resumed = publisher.seq
            publisher.start_over()
            await publisher.play(5)
            await publisher.finish()
            assert publisher.requests == [KeyframeRequest(0)]
            return resumed

    resumed = asyncio.run(scenario())
    statuses = [s.status for s in samples_of(decoder, session)]
    assert statuses == [Status.OK] * 5 + [Status.LOST] * (resumed - 5) + [Status.OK] * 5


def test_strangers_that_come_and_go_leave_nothing_behind(decoder: Service) -> None:
    """Neither connections, nor sessions, nor memory."""

    async def scenario() -> None:
        async with going_on(decoder.url):
            host, _, port = decoder.url.removeprefix("http://").partition(":")
            for _ in range(100):
                _, writer = await asyncio.open_connection(host, int(port))
                writer.write(random.Random(0).randbytes(200))
                writer.transport.abort()
            await soon(lambda: decoder.count("narrowcast_streams") == 1, "they are gone")

    asyncio.run(scenario())

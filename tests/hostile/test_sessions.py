"""Sessions that are forged or played once more."""

import asyncio
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus

from narrowcast_shared.remote.address import parse_address
from narrowcast_shared.wire.messages import EndCode
from narrowcast_shared.wire.serial import parse, serialise

from ..end_to_end.series import read  # noqa: TID252 - the one there is
from ..faults.beside import going_on  # noqa: TID252
from ..faults.publisher import dial, hello, publishing  # noqa: TID252
from .guarded import Guarded, good_session, source
from .recording_proxy import Recording, recording


async def heard_on_the_line(decoder: Guarded, session: str) -> Recording:
    """What somebody on the line heard of a session that was published to its end."""
    async with recording(urlsplit(decoder.url).port or 0) as line:
        address = decoder.at(decoder.good)
        through = parse_address(f"http://127.0.0.1:{line.port}", address.access)
        async with publishing(through, session) as publisher:
            await publisher.play(10)
            await publisher.finish()
        return line


def test_a_session_that_is_played_once_more_changes_nothing(
    decoder: Guarded, tried: list[str]
) -> None:
    """Its messages are of no use without the token, and with it its frames are there already."""

    async def scenario() -> None:
        session = good_session()
        line = await heard_on_the_line(decoder, session)
        before = read(decoder.at(decoder.good), session)
        messages = list(line.messages())
        async with going_on(decoder.at(decoder.good), good_session()):
            with pytest.raises(InvalidStatus):
                await dial(decoder.at(), source())
            tried.append("without a token")
            async with dial(decoder.at(decoder.good), source()) as socket:
                for message in messages:
                    await socket.send(message)
                await socket.wait_closed()
            tried.extend(["message"] * len(messages))
        assert read(decoder.at(decoder.good), session).samples == before.samples

    asyncio.run(scenario())


def test_numbers_that_are_forged_make_no_second_series(decoder: Guarded, tried: list[str]) -> None:
    """Frames of another session's numbers, of numbers far ahead, and an end that was never."""

    async def forged(first_seq: int) -> EndCode | None:
        async with publishing(decoder.at(decoder.good), good_session(), source()) as publisher:
            frame = publisher.next_frame()
            publisher.seq = first_seq
            await publisher.send([frame])
            if first_seq > 200_000:
                return (await publisher.ended()).code
            return None

    async def scenario() -> None:
        session = good_session()
        async with going_on(decoder.at(decoder.good), session):
            for first_seq in (200_002, 2**31, 2**42 - 2):
                assert await forged(first_seq) is EndCode.PROTOCOL
                tried.append(str(first_seq))

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "a/b",
        "good-\x00",
        "good-\x85",
        "good-ä",
        "good-" + "a" * 60,
        " good",
        "-good",
        "a\nb",
    ],
)
def test_names_that_are_none_are_violations(decoder: Guarded, tried: list[str], name: str) -> None:
    async def scenario() -> None:
        async with dial(decoder.at(decoder.good), source()) as socket:
            greeting = serialise(hello("good-a"))
            text = name.encode()
            await socket.send(greeting[:3] + bytes([len(text)]) + text + greeting[3 + 1 + 6 :])
            end = parse(await socket.recv(decode=False))  # type: ignore[arg-type]
            assert end.code is EndCode.PROTOCOL  # type: ignore[union-attr]

    asyncio.run(scenario())
    tried.append(name)


def test_of_a_greeting_every_bit_may_be_wrong(decoder: Guarded, tried: list[str]) -> None:
    """Whatever it makes of it, it publishes nothing that the token does not allow."""

    async def scenario() -> None:
        greeting = bytearray(serialise(hello("clinic-1")))
        async with going_on(decoder.at(decoder.good), good_session()):
            for bit in range(0, 8 * 20, 3):
                changed = bytearray(greeting)
                changed[bit // 8] ^= 1 << bit % 8
                async with dial(decoder.at(decoder.camera), source()) as socket:
                    await socket.send(bytes(changed))
                    answer = parse(await socket.recv(decode=False))  # type: ignore[arg-type]
                    assert getattr(answer, "code", EndCode.REFUSED) in {
                        EndCode.PROTOCOL,
                        EndCode.REFUSED,
                    }
                tried.append(str(bit))

    asyncio.run(scenario())

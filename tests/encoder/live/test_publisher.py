"""The publisher against decoders that misbehave: over real sockets, on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from narrowcast_encoder.live import publisher as publisher_module
from narrowcast_encoder.live.publisher import Publisher
from narrowcast_encoder.session.settings import StreamSettings, make_stream
from narrowcast_encoder.session.stream import Stream
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.errors import LinkError
from narrowcast_shared.remote.address import parse_address
from narrowcast_shared.wire import MAX_MESSAGE_BYTES, SUBPROTOCOL
from narrowcast_shared.wire.messages import (
    Capability,
    Data,
    End,
    EndCode,
    Hello,
    Report,
    Welcome,
)
from narrowcast_shared.wire.serial import parse, serialise

Decoder = Callable[[ServerConnection], Awaitable[None]]
HELLO = Hello("cam", b"12345678", 0, 200)
WELCOME = serialise(Welcome(0, MAX_MESSAGE_BYTES))
CLOCK = SystemClock()


@asynccontextmanager
async def publishing(
    decoder: Decoder, patience_s: float = 5.0, hello: Hello = HELLO
) -> AsyncIterator[Publisher]:
    """A publisher of an empty stream to this decoder, not yet run."""
    async with serve(decoder, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL]) as server:  # type: ignore[list-item]
        port = server.sockets[0].getsockname()[1]
        address = parse_address(f"http://127.0.0.1:{port}")
        yield Publisher(make_stream(StreamSettings(), 0), hello, address, CLOCK, patience_s)


def stream_of(publisher: Publisher) -> Stream:
    return publisher._stream


def face(publisher: Publisher, index: int) -> None:
    chip = np.full((96, 96), 40 + 3 * index, dtype=np.uint8)
    stream_of(publisher).frame(chip, 40_000 * index, CLOCK.monotonic_us())
    publisher.stir()


def no_face(publisher: Publisher) -> None:
    now_us = CLOCK.monotonic_us()
    stream_of(publisher).frame(None, now_us, now_us)
    publisher.stir()


async def answer(socket: ServerConnection) -> None:
    """A decoder as it should be, but for reports."""
    async for data in socket:
        match parse(data):  # type: ignore[arg-type]
            case Hello():
                await socket.send(WELCOME)
            case End() as end:
                await socket.send(serialise(End(EndCode.FINISHED, end.next_seq)))


def test_after_a_long_outage_a_frame_before_the_welcome_does_not_cut_the_new_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publisher_module, "SILENCE_US", 200_000)
    connections = 0

    async def scenario() -> None:
        async def slow(socket: ServerConnection) -> None:
            """Drops the first connection; the welcome of later ones takes a round trip."""
            nonlocal connections
            connections += 1
            if connections == 1:
                await socket.recv()
                await socket.send(WELCOME)
                while not isinstance(parse(await socket.recv(decode=False)), Data):
                    pass
                await asyncio.sleep(0.3)  # an outage
                socket.transport.abort()
            else:
                await asyncio.sleep(0.15)
                await answer(socket)

        async with publishing(slow) as publisher:
            running = asyncio.create_task(publisher.run())
            await publisher.welcomed.wait()
            for _ in range(30):
                no_face(publisher)
                await asyncio.sleep(0.04)
            publisher.source_ended()
            await asyncio.wait_for(running, 90)

    asyncio.run(scenario())
    assert connections == 2


def test_a_decoder_that_vanishes_before_the_last_answer_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publisher_module, "END_TIMEOUT_S", 0.2)
    connections = 0

    async def scenario() -> None:
        async def mute(socket: ServerConnection) -> None:
            """Says nothing more after the welcome, the first time."""
            nonlocal connections
            connections += 1
            if connections > 1:
                await answer(socket)
                return
            await socket.recv()
            await socket.send(WELCOME)
            await socket.wait_closed()

        async with publishing(mute) as publisher:
            running = asyncio.create_task(publisher.run())
            await publisher.welcomed.wait()
            await asyncio.sleep(0.1)  # it listens by now
            publisher.source_ended()
            await asyncio.wait_for(running, 90)

    asyncio.run(scenario())
    assert connections == 2


def test_a_decoder_too_busy_to_welcome_is_tried_again_until_patience_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publisher_module, "WELCOME_TIMEOUT_S", 0.1)
    connections = 0

    async def scenario() -> None:
        async def busy(socket: ServerConnection) -> None:
            nonlocal connections
            connections += 1
            await socket.wait_closed()

        async with publishing(busy, patience_s=0.7) as publisher:
            await asyncio.wait_for(publisher.run(), 90)

    with pytest.raises(LinkError, match="answer"):
        asyncio.run(scenario())
    assert connections >= 2


def test_a_decoder_that_welcomes_and_fails_is_not_called_without_pause() -> None:
    connections = 0

    async def scenario() -> None:
        async def failing(socket: ServerConnection) -> None:
            nonlocal connections
            connections += 1
            await socket.recv()
            await socket.send(WELCOME)
            await socket.send(serialise(End(EndCode.FAULT, 0, "broken")))

        async with publishing(failing) as publisher:
            running = asyncio.create_task(publisher.run())
            await asyncio.sleep(2)
            running.cancel()
            await asyncio.wait({running})

    asyncio.run(scenario())
    assert connections <= 7, "pauses grow: 0.1, 0.2, 0.4, 0.8 s"


def test_a_line_that_is_dead_is_noticed_without_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "SILENCE_US", 300_000)
    monkeypatch.setattr(publisher_module, "WATCH_S", 0.05)
    connections = 0

    async def scenario() -> None:
        async def mute(socket: ServerConnection) -> None:
            nonlocal connections
            connections += 1
            if connections > 1:
                await answer(socket)
                return
            await socket.recv()
            await socket.send(WELCOME)
            await socket.wait_closed()

        async with publishing(mute) as publisher:
            running = asyncio.create_task(publisher.run())
            await publisher.welcomed.wait()
            no_face(publisher)
            await asyncio.sleep(1.5)
            assert connections == 2
            running.cancel()
            await asyncio.wait({running})

    asyncio.run(scenario())


class LastWords:
    """A decoder that ends the connection right behind its first report, all in one segment."""

    def __init__(self, code: EndCode) -> None:
        self.code = code
        self.connections = 0

    async def __call__(self, socket: ServerConnection) -> None:
        self.connections += 1
        await socket.recv()
        await socket.send(serialise(Welcome(0, MAX_MESSAGE_BYTES, Capability.CLOCK)))
        await socket.recv()
        protocol = socket.protocol
        protocol.send_binary(serialise(Report(1, 1, 1, 9, CLOCK.unix_us(), 0, 0)))
        protocol.send_binary(serialise(End(self.code, 1, "so it is")))
        protocol.send_close(1000)
        socket.transport.write(b"".join(protocol.data_to_send()))
        await socket.wait_closed()


@pytest.mark.parametrize("source_ends", [False, True])
@pytest.mark.parametrize("code", [EndCode.FINISHED, EndCode.REPLACED])
def test_an_end_behind_a_report_is_heard_though_the_answer_to_that_cannot_be_sent(
    code: EndCode, source_ends: bool
) -> None:
    """An encoder that missed it came back, and took the session from the one that replaced it."""
    decoder = LastWords(code)

    async def scenario() -> None:
        async with publishing(decoder) as publisher:
            running = asyncio.create_task(publisher.run())
            await publisher.welcomed.wait()
            no_face(publisher)
            if source_ends:
                publisher.source_ended()
            await asyncio.wait_for(running, 90)

    if code is EndCode.REPLACED:
        with pytest.raises(LinkError, match="ended the stream: so it is"):
            asyncio.run(scenario())
    else:
        asyncio.run(scenario())
    assert decoder.connections == 1


class BreaksOff:
    """A decoder that loses its first connection; it takes and acknowledges everything later."""

    def __init__(self) -> None:
        self.connections = 0
        self.messages: list[Data] = []
        self.ends: list[End] = []

    async def __call__(self, socket: ServerConnection) -> None:
        self.connections += 1
        hello = parse(await socket.recv(decode=False))
        assert isinstance(hello, Hello)
        assert hello.owed_from == (None if self.connections == 1 else 0)
        await socket.send(serialise(Welcome(0, MAX_MESSAGE_BYTES, Capability.BACKFILL)))
        async for data in socket:
            match parse(data):  # type: ignore[arg-type]
                case Data() if self.connections == 1:
                    socket.transport.abort()
                case Data() as message:
                    self.messages.append(message)
                    taken = len(self.messages)
                    await socket.send(serialise(Report(0, 0, taken, 0, CLOCK.unix_us(), 0, 0)))
                case End() as end:
                    self.ends.append(end)
                    await socket.send(serialise(End(EndCode.FINISHED, end.next_seq)))


@pytest.mark.parametrize("hurried", [False, True])
def test_what_an_outage_held_is_told_before_the_end(hurried: bool) -> None:
    decoder = BreaksOff()

    async def scenario() -> None:
        back = HELLO._replace(capabilities=Capability.BACKFILL)
        async with publishing(decoder, hello=back) as publisher:
            running = asyncio.create_task(publisher.run())
            await publisher.welcomed.wait()
            for index in range(50):
                face(publisher, index)
                await asyncio.sleep(0.01)
            publisher.source_ended()
            if hurried:
                publisher.hurry()
            await asyncio.wait_for(running, 90)

    asyncio.run(scenario())
    assert decoder.connections == 2
    seqs = [m.first_seq + i for m in decoder.messages for i in range(len(m.frames))]
    assert sorted(seqs) == list(range(50))
    assert decoder.ends == [End(EndCode.FINISHED, 50)]
    late = [frame for message in decoder.messages if message.late for frame in message.frames]
    assert late[0].ticks < 1_000
    assert any(frame.nals for frame in late) or hurried


def test_who_waits_is_told_once_that_nobody_answers_and_once_that_somebody_does(
    caplog: pytest.LogCaptureFixture,
) -> None:
    connections = 0

    async def scenario() -> None:
        async def restarting(socket: ServerConnection) -> None:
            nonlocal connections
            connections += 1
            if connections < 4:
                socket.transport.abort()
            else:
                await answer(socket)

        async with publishing(restarting) as publisher:
            publisher.source_ended()
            await asyncio.wait_for(publisher.run(), 90)

    asyncio.run(scenario())
    told = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert connections == 4
    assert [line.partition("127.0.0.1")[0] for line in told] == [
        "the connection to http://",
        "http://",
    ]
    assert told[0].endswith("; trying again")
    assert told[1].endswith(" answers now")


def test_a_source_that_failed_is_told_to_its_last_frame_and_has_no_end() -> None:
    told: list[object] = []

    async def scenario() -> None:
        async def note(socket: ServerConnection) -> None:
            async for data in socket:
                message = parse(data)  # type: ignore[arg-type]
                told.append(message)
                if isinstance(message, Hello):
                    await socket.send(WELCOME)
                elif isinstance(message, Data):
                    seq = message.first_seq + len(message.frames)
                    await socket.send(serialise(Report(1, seq, 0, 0, 0)))

        async with publishing(note) as publisher:
            running = asyncio.create_task(publisher.run())
            await publisher.welcomed.wait()
            no_face(publisher)
            publisher.source_ended(failed=True)
            await asyncio.wait_for(running, 30)

    asyncio.run(scenario())
    assert [type(message) for message in told] == [Hello, Data]

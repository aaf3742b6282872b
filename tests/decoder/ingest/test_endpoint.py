"""The publish WebSocket of a real decoder process: what good and bad publishers get."""

import asyncio
import json
import os
import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import websockets.frames as ws
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from narrowcast_encoder.session.connection import Connection
from narrowcast_encoder.session.settings import StreamSettings, make_stream
from narrowcast_lab import processes
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire import MAX_MESSAGE_BYTES, SUBPROTOCOL
from narrowcast_shared.wire.messages import (
    Capability,
    Data,
    End,
    EndCode,
    Frame,
    FrameKind,
    Hello,
    KeyframeRequest,
    Message,
    Report,
    Welcome,
)
from narrowcast_shared.wire.serial import parse, serialise


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with processes.decoder(tmp_path_factory.mktemp("decoder")) as service:
        yield service


def chip(index: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:96, 0:96]
    blob = 128 + 100 * np.exp(-((x - 48 - index % 7) ** 2 + (y - 48) ** 2) / 400)
    return blob.astype(np.uint8)


def dial(url: str, subprotocol: str | None = SUBPROTOCOL) -> connect:
    names = [subprotocol] if subprotocol else None
    address = url.replace("http", "ws") + "/v1/publish"
    return connect(address, subprotocols=names, compression=None, proxy=None)  # type: ignore[arg-type]


async def receive(socket: ClientConnection) -> Message:
    async with asyncio.timeout(90):
        data = await socket.recv(decode=False)
    assert isinstance(data, bytes)
    return parse(data)


async def until(socket: ClientConnection, kind: type) -> Message:
    while True:
        message = await receive(socket)
        if isinstance(message, kind):
            return message


def hello(session: str) -> Hello:
    return Hello(session, os.urandom(8), 1_000_000_000, 50)


async def greet(socket: ClientConnection, session: str) -> Welcome:
    await socket.send(serialise(hello(session)))
    welcome = await receive(socket)
    assert isinstance(welcome, Welcome)
    return welcome


def samples(url: str, session: str) -> list[dict[str, object]]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/v1/sessions/{session}/samples?limit=1000", timeout=90) as answer:
        return json.load(answer)["samples"]  # type: ignore[no-any-return]


def no_faces(first_seq: int, count: int, *, late: bool = False) -> bytes:
    frames = tuple(Frame(i, FrameKind.NO_FACE) for i in range(count))
    return serialise(Data(0, first_seq, frames, late=late))


async def good_session(url: str, session: str, frames: int = 5) -> None:
    """A well-behaved publisher, from HELLO to the acknowledged END."""
    stream = make_stream(StreamSettings(px=32, qp=30), 0)
    connection = Connection(hello(session), stream)
    async with dial(url) as socket:
        await socket.send(connection.start())
        connection.receive(await socket.recv(decode=False), 0, 0)  # type: ignore[arg-type]
        for i in range(frames):
            stream.frame(chip(i), i * 40_000, i * 40_000)
            for message in stream.outgoing(i * 40_000, i * 40_000):
                await socket.send(message)
        await socket.send(connection.finish())
        assert await until(socket, End) == End(EndCode.FINISHED, frames, "finished")
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000


def test_a_session_from_hello_to_end(url: str) -> None:
    asyncio.run(good_session(url, "good"))
    assert processes.get_json(f"{url}/v1/sessions/good")["state"] == "ended"
    stored = samples(url, "good")
    assert [s["seq"] for s in stored] == list(range(5))
    assert {s["status"] for s in stored} == {"ok"}
    assert all(-1 <= s["valence"] <= 1 and s["sigma"] > 0 for s in stored)  # type: ignore[operator]


BAD_DATA = [
    b"",
    b"\x00",
    b"\xff" * 40,
    b"GET / HTTP/1.1\r\n\r\n",
    no_faces(0, 3) + b"\x00",
    no_faces(0, 3)[:-1],
    serialise(Welcome(0, 1)),
    serialise(Data(9, 0, (Frame(0, FrameKind.DELTA, (b"\x41x",)),))),  # no rung was told
    no_faces(10_000_000, 1),  # a gap that is no outage
    "text",
]


@pytest.mark.parametrize("bad", BAD_DATA)
def test_a_violation_costs_its_own_connection_only(url: str, bad: bytes | str) -> None:
    async def scenario() -> None:
        async with dial(url) as bystander, dial(url) as socket:
            other = await greet(bystander, f"bystander-{BAD_DATA.index(bad)}")
            await greet(socket, f"bad-{BAD_DATA.index(bad)}")
            await socket.send(bad)
            end = await until(socket, End)
            assert isinstance(end, End)
            assert end.code is EndCode.PROTOCOL
            assert end.reason
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1002
            await bystander.send(no_faces(other.next_seq, 2))
            await bystander.send(serialise(End(EndCode.FINISHED, 2)))
            assert (await until(bystander, End)).code is EndCode.FINISHED  # type: ignore[union-attr]

    asyncio.run(scenario())
    assert len(samples(url, f"bystander-{BAD_DATA.index(bad)}")) == 2


async def send_at_once(socket: ClientConnection, *messages: list[bytes]) -> None:
    """Each message in its fragments, all of them in one piece on the line."""
    frames = [
        ws.Frame(ws.Opcode.CONT if index else ws.Opcode.BINARY, data, fin=data is fragments[-1])
        for fragments in messages
        for index, data in enumerate(fragments)
    ]
    socket.transport.write(b"".join(frame.serialize(mask=True) for frame in frames))
    await asyncio.sleep(0)


def test_messages_in_fragments_keep_their_place(url: str) -> None:
    async def scenario() -> None:
        async with dial(url) as socket:
            await greet(socket, "fragments")
            whole = no_faces(2, 2)
            await send_at_once(
                socket, [no_faces(0, 2)], [whole[:3], whole[3:]], [no_faces(4, 2)], [no_faces(6, 1)]
            )
            await socket.send(serialise(End(EndCode.FINISHED, 7)))
            assert (await until(socket, End)).code is EndCode.FINISHED  # type: ignore[union-attr]

    asyncio.run(scenario())
    assert [s["status"] for s in samples(url, "fragments")] == ["no_face"] * 7


def test_what_comes_behind_a_violation_is_not_taken(url: str) -> None:
    async def scenario() -> None:
        async with dial(url) as socket:
            await greet(socket, "behind")
            end = serialise(End(EndCode.FINISHED, 9))
            bad = no_faces(3, 3) + b"\x00"
            await send_at_once(socket, [no_faces(0, 3)], [bad], [no_faces(3, 3)], [end])
            told = await until(socket, End)
            assert isinstance(told, End)
            assert told.code is EndCode.PROTOCOL
            assert "state" not in told.reason, "what was wrong, not that more came"

    before = violations(url)
    asyncio.run(scenario())
    deadline = time.monotonic() + 10
    while processes.get_json(f"{url}/v1/sessions/behind")["state"] == "live":
        assert time.monotonic() < deadline, "all that was taken is stored, and it is let go of"
        time.sleep(0.02)
    assert len(samples(url, "behind")) == 3
    assert violations(url) == before + 1


def violations(url: str) -> int:
    """Told by the decoder's metrics."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/metrics", timeout=90) as answer:
        lines = answer.read().decode().splitlines()
    told = [line for line in lines if line.startswith("narrowcast_protocol_violations_total{")]
    assert told
    return round(sum(float(line.split()[-1]) for line in told))


def test_a_message_over_the_limit_is_refused_before_it_is_read(url: str) -> None:
    async def scenario() -> None:
        async with dial(url) as socket:
            await greet(socket, "large")
            await socket.send(bytes(MAX_MESSAGE_BYTES + 1))
            with pytest.raises(ConnectionClosed) as closed:
                await until(socket, End)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009

    asyncio.run(scenario())
    asyncio.run(good_session(url, "after-large"))


@pytest.mark.parametrize("subprotocol", [None, "narrowcast.v0", "chat"])
def test_another_subprotocol_is_refused(url: str, subprotocol: str | None) -> None:
    async def scenario() -> None:
        with pytest.raises(InvalidStatus):
            async with dial(url, subprotocol):
                pass

    asyncio.run(scenario())


def test_a_corrupt_access_unit_is_lost_and_a_keyframe_is_asked_for(url: str) -> None:
    async def scenario() -> None:
        stream = make_stream(StreamSettings(px=32, qp=30), 0)
        connection = Connection(hello("corrupt"), stream)
        async with dial(url) as socket:
            await socket.send(connection.start())
            connection.receive(await socket.recv(decode=False), 0, 0)  # type: ignore[arg-type]

            async def play(first: int, count: int, *, damage: bool = False) -> None:
                for i in range(first, first + count):
                    stream.frame(chip(i), i * 40_000, i * 40_000)
                    for message in stream.outgoing(i * 40_000, i * 40_000):
                        await socket.send(damaged(message) if damage else message)

            await play(0, 3)
            await play(3, 1, damage=True)
            request = await until(socket, KeyframeRequest)
            connection.receive(serialise(request), 0, 0)
            await play(4, 3)
            await socket.send(connection.finish())
            await until(socket, End)

    asyncio.run(scenario())
    stored = samples(url, "corrupt")
    assert [s["seq"] for s in stored] == list(range(7))
    assert [s["status"] for s in stored] == ["ok"] * 3 + ["lost"] + ["ok"] * 3


def damaged(message: bytes) -> bytes:
    """The same DATA message with an SPS where a slice should be."""
    data = parse(message)
    assert isinstance(data, Data)
    frame = data.frames[0]._replace(nals=(b"\x67" + frame_body(data),))
    return serialise(data._replace(frames=(frame,)))


def frame_body(data: Data) -> bytes:
    return data.frames[0].nals[0][1:]


def test_a_header_that_claims_16384_pixels_is_lost_without_being_decoded(url: str) -> None:
    """SPS of High profile, 1024x1024 macroblocks; the rung told is 32 px."""
    sps = bytes.fromhex("67640033ac2b402000") + bytes.fromhex("0800201000")
    keyframe = Frame(0, FrameKind.KEYFRAME, (sps, b"\x68\xce\x04\x72", b"\x65\x88\x84\x00"))

    async def scenario() -> None:
        async with dial(url) as socket:
            await greet(socket, "giant")
            await socket.send(serialise(Data(0, 0, (keyframe,), Rung(32, 30))))
            assert isinstance(await until(socket, KeyframeRequest), KeyframeRequest)
            await socket.send(serialise(End(EndCode.FINISHED, 1)))
            await until(socket, End)

    asyncio.run(scenario())
    assert [s["status"] for s in samples(url, "giant")] == ["lost"]


def test_frames_sent_again_after_a_reconnect_are_not_doubled(url: str) -> None:
    async def scenario() -> None:
        async with dial(url) as socket:
            assert (await greet(socket, "again")).next_seq == 0
            await socket.send(no_faces(0, 10))
        async with dial(url) as socket:
            next_seq = (await greet(socket, "again")).next_seq
            assert next_seq == 10
            await socket.send(no_faces(0, 12))
            await socket.send(no_faces(15, 1))
            await socket.send(serialise(End(EndCode.FINISHED, 16)))
            await until(socket, End)

    asyncio.run(scenario())
    stored = samples(url, "again")
    assert [s["seq"] for s in stored] == list(range(16))
    assert [s["status"] for s in stored] == ["no_face"] * 12 + ["lost"] * 3 + ["no_face"]


def test_a_corrupt_late_frame_is_lost_and_a_keyframe_is_asked_for_late_ones(url: str) -> None:
    back = hello("late-corrupt")._replace(capabilities=Capability.BACKFILL)
    slice_first = Data(0, 1, (Frame(1, FrameKind.DELTA, (b"\x41x",)),), Rung(32, 30), late=True)

    async def scenario() -> None:
        async with dial(url) as socket:
            await socket.send(serialise(back))
            await receive(socket)
            await socket.send(no_faces(0, 1))
            await socket.send(no_faces(2, 1))
            await socket.send(serialise(slice_first))
            assert await until(socket, KeyframeRequest) == KeyframeRequest(0, late=True)
            await socket.send(serialise(End(EndCode.FINISHED, 3)))
            await until(socket, End)

    asyncio.run(scenario())
    statuses = {s["seq"]: s["status"] for s in samples(url, "late-corrupt")}
    assert statuses == {0: "no_face", 1: "lost", 2: "no_face"}


def test_an_outage_is_filled_in_after_the_reconnect(url: str) -> None:
    back = hello("late")._replace(capabilities=Capability.BACKFILL)

    async def scenario() -> None:
        async with dial(url) as socket:
            await socket.send(serialise(back))
            await receive(socket)
            await socket.send(no_faces(0, 10))
            await socket.send(no_faces(20, 1))
        async with dial(url) as socket:
            await socket.send(serialise(back._replace(owed_from=12)))
            welcome = await receive(socket)
            assert isinstance(welcome, Welcome)
            assert welcome.next_seq == 21
            await socket.send(no_faces(25, 1))
            await socket.send(no_faces(12, 10, late=True))
            await socket.send(no_faces(22, 2, late=True))
            await socket.send(serialise(End(EndCode.FINISHED, 26)))
            end = await until(socket, End)
            assert end == End(EndCode.FINISHED, 26, "finished")

    asyncio.run(scenario())
    stored = samples(url, "late")
    assert [s["id"] for s in stored] == list(range(1, 27))
    order = [*range(10), 20, 10, 11, 25, *range(12, 20), 21, 22, 23, 24]
    assert [s["seq"] for s in stored] == order
    lost = [s["seq"] for s in stored if s["status"] == "lost"]
    assert lost == [10, 11, 24]


def test_late_messages_are_acknowledged_one_by_one_though_nothing_else_comes(url: str) -> None:
    """An encoder whose source has ended fills its gaps by this; the last two tell nothing new."""
    back = hello("late-alone")._replace(capabilities=Capability.BACKFILL)

    async def scenario() -> None:
        async with dial(url) as socket:
            await socket.send(serialise(back))
            await receive(socket)
            await socket.send(no_faces(9, 1))
            for messages, seq in enumerate((0, 3, 6, 6, 0), start=2):
                await socket.send(no_faces(seq, 3, late=True))
                while cast(Report, await until(socket, Report)).messages < messages:
                    pass
            await socket.send(serialise(End(EndCode.FINISHED, 10)))
            await until(socket, End)

    asyncio.run(scenario())
    assert [s["seq"] for s in samples(url, "late-alone")] == [9, *range(9)]


def test_a_publisher_that_leaves_before_its_welcome_leaves_no_live_session(url: str) -> None:
    async def scenario() -> None:
        for _ in range(20):
            async with dial(url) as socket:
                await socket.send(serialise(hello("hasty")))
                socket.transport.abort()

    asyncio.run(scenario())
    for _ in range(1800):
        state = processes.get_json(f"{url}/v1/sessions/hasty")["state"]
        if state != "live":
            break
        time.sleep(0.05)
    assert state == "interrupted"


def test_a_store_that_is_locked_sends_the_publisher_back_later(tmp_path: Path) -> None:
    async def scenario(url: str) -> None:
        async with dial(url) as socket:
            await socket.send(serialise(hello("locked")))
            end = await receive(socket)
            assert isinstance(end, End)
            assert end.code is EndCode.FAULT
            assert "locked" in end.reason

    with processes.decoder(tmp_path) as url:
        lock = sqlite3.connect(tmp_path / "series.sqlite", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        asyncio.run(scenario(url))
        lock.execute("ROLLBACK")
        lock.close()
        asyncio.run(good_session(url, "locked"))


def test_a_flood_of_skipped_frames_is_bounded_by_back_pressure(url: str) -> None:
    async def scenario() -> None:
        async with dial(url) as socket:
            await greet(socket, "flood")
            for i in range(20):
                frames = tuple(Frame(i, FrameKind.SKIPPED) for _ in range(1000))
                await socket.send(serialise(Data(0, 1000 * i, frames)))
            await socket.send(serialise(End(EndCode.FINISHED, 20_000)))
            async with asyncio.timeout(60):
                await until(socket, End)

    asyncio.run(scenario())
    summary = processes.get_json(f"{url}/v1/sessions/flood")
    assert summary["samples"] == 20_000

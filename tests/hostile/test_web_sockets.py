"""WebSockets against their rules, with a token that opens the door."""

import asyncio
import socket
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websockets.frames import Opcode

from narrowcast_shared.wire import SUBPROTOCOL
from narrowcast_shared.wire.serial import serialise

from ..faults.beside import going_on  # noqa: TID252 - the one there is
from ..faults.publisher import hello  # noqa: TID252
from ..faults.raw_web_socket import as_sent  # noqa: TID252
from .guarded import UPGRADE, WAIT_S, Guarded, ask, good_session, source

PROTOCOL_ERROR, BAD_DATA, BAD_REQUEST, TOO_BIG = 1002, 1007, 1008, 1009


def upgraded(decoder: Guarded, path: str, address: str, *headers: str) -> tuple[socket.socket, str]:
    """A connection whose handshake is done, and the head of the answer."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {decoder.authority}", *UPGRADE, *headers]
    lines.append(f"Authorization: Bearer {decoder.good}")
    peer = socket.create_connection(
        ("127.0.0.1", decoder.port), timeout=WAIT_S, source_address=(address, 0)
    )
    peer.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += peer.recv(1)
    assert head.startswith(b"HTTP/1.1 101 "), head
    return peer, head.decode().lower()


def close_code(peer: socket.socket) -> int | None:
    """The code that the connection is closed with; None where it is ended without one."""
    data = b""
    with peer, suppress(ConnectionError):
        while more := peer.recv(65536):
            data += more
            if (code := _code_in(data)) is not None:
                return code
    return None


def _code_in(data: bytes) -> int | None:
    """The code of the close frame among a server's frames, if it is there."""
    while len(data) >= 4:
        opcode, length, first = data[0] & 0x0F, data[1] & 0x7F, 2
        if length == 126:
            (length,), first = struct.unpack("!H", data[2:4]), 4
        if opcode == Opcode.CLOSE:
            return int.from_bytes(data[2:4], "big")
        data = data[first + length :]
    return None


def head(first: int, length: int, *, masked: bool = True) -> bytes:
    """The head of a client's frame of 64-bit length."""
    return struct.pack("!BBQ", first, 127 | (0x80 if masked else 0), length) + bytes(4)


def rules_broken() -> Iterator[tuple[str, bytes, set[int | None]]]:
    """What is sent after a HELLO, and how the connection ends."""
    broken = {PROTOCOL_ERROR, None}
    yield "a frame of 2^63 - 1 bytes", head(0x82, 2**63 - 1), {TOO_BIG}
    yield "a frame of 2^64 - 1 bytes", head(0x82, 2**64 - 1), {TOO_BIG, PROTOCOL_ERROR}
    yield "a frame of 16 MiB", head(0x82, 1 << 24), {TOO_BIG}
    yield "a text of 16 MiB", head(0x81, 1 << 24), {TOO_BIG}
    yield "a frame without a mask", b"\x82\x01a", broken
    yield "a continuation of nothing", as_sent(b"a", Opcode.CONT), broken
    yield "a message within a message", as_sent(b"a", fin=False) + as_sent(b"b"), broken
    yield "a long ping", struct.pack("!BBH", 0x89, 0x80 | 126, 126) + bytes(130), broken
    yield "a ping in pieces", b"\x09\x80" + bytes(4), broken
    yield "a long close", struct.pack("!BBH", 0x88, 0x80 | 126, 126) + bytes(130), broken
    yield "a close code that is none", b"\x88\x82" + bytes(4) + b"\x00\x01", broken
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield f"opcode {opcode}", bytes([0x80 | opcode, 0x80]) + bytes(4), broken
    for bit in (0x40, 0x20, 0x10):
        yield f"reserved bit {bit:#x}", bytes([0x82 | bit, 0x81]) + bytes(4) + b"a", broken
    pieces = as_sent(b"a" * 2000, fin=False) + as_sent(b"a" * 2000, Opcode.CONT, fin=False) * 60
    yield "pieces that are too large together", pieces, {TOO_BIG}
    short = as_sent(b"a", fin=False) + as_sent(b"a", Opcode.CONT, fin=False) * 80
    yield "too many pieces", short, {BAD_REQUEST}
    yield "text", as_sent(b"hello", Opcode.TEXT), {PROTOCOL_ERROR}
    yield "text that is none", as_sent(b"\xff\xfe", Opcode.TEXT), {BAD_DATA}
    yield "another HELLO", as_sent(serialise(hello("good-again"))), {PROTOCOL_ERROR}
    yield "nothing in a message", as_sent(b""), {PROTOCOL_ERROR}
    for first in range(0, 256, 15):
        yield f"a message of type {first}", as_sent(bytes([first]) + b"\xff" * 40), {PROTOCOL_ERROR}


def test_who_breaks_the_rules_is_closed_and_nobody_else(decoder: Guarded, tried: list[str]) -> None:
    def knock() -> None:
        address, session = source(), good_session()
        for what, data, codes in rules_broken():
            peer, _ = upgraded(
                decoder, "/v1/publish", address, f"Sec-WebSocket-Protocol: {SUBPROTOCOL}"
            )
            peer.sendall(as_sent(serialise(hello(session))) + data)
            assert close_code(peer) in codes, what
            tried.append(what)

    async def scenario() -> None:
        async with going_on(decoder.at(decoder.good), good_session()):
            await asyncio.to_thread(knock)

    asyncio.run(scenario())


def test_a_subscriber_that_speaks_is_closed(decoder: Guarded, tried: list[str]) -> None:
    async def scenario() -> None:
        session = good_session()
        async with going_on(decoder.at(decoder.good), session):
            for data in (as_sent(b"x"), as_sent(b"{}", Opcode.TEXT), head(0x82, 1 << 30)):
                await asyncio.to_thread(knock, session, data)

    def knock(session: str, data: bytes) -> None:
        peer, _ = upgraded(decoder, f"/v1/sessions/{session}/subscribe", source())
        peer.sendall(data)
        assert close_code(peer) in {BAD_REQUEST, TOO_BIG}
        tried.append(repr(data))

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "offered", ["", "narrowcast.v2", "narrowcast.v1x", "NARROWCAST.V1", "narrowcast.subscribe.v1"]
)
def test_the_wrong_subprotocol_is_refused(decoder: Guarded, tried: list[str], offered: str) -> None:
    headers = [*UPGRADE, *([f"Sec-WebSocket-Protocol: {offered}"] if offered else [])]
    answer = ask(decoder, "/v1/publish", source(), decoder.good, "GET", headers)
    assert answer.status == 403
    tried.append(offered)


def test_compression_is_never_agreed_on_and_bombs_stay_shut(
    decoder: Guarded, tried: list[str]
) -> None:
    """16 MiB of zeros in 16 kB, and layers of it."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = deflate.compress(bytes(1 << 24)) + deflate.flush(zlib.Z_SYNC_FLUSH)

    def knock() -> None:
        address = source()
        offers = [
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            "x-webkit-deflate",
        ]
        for offer in offers:
            for path, named in (
                ("/v1/publish", f"Sec-WebSocket-Protocol: {SUBPROTOCOL}"),
                ("/v1/sessions/good-x/subscribe?wait=true", "X: y"),
            ):
                peer, answered = upgraded(
                    decoder, path, address, f"Sec-WebSocket-Extensions: {offer}", named
                )
                assert "sec-websocket-extensions" not in answered
                frame = bytearray(as_sent(bomb[:60_000]))
                frame[0] |= 0x40  # RSV1: compressed
                peer.sendall(frame)
                assert close_code(peer) in {PROTOCOL_ERROR, None}
                tried.append(f"{offer} {path}")
        for encoding in ("gzip", "deflate", "br"):
            answer = ask(
                decoder,
                "/healthz",
                address,
                None,
                "GET",
                [f"Content-Encoding: {encoding}", f"Accept-Encoding: {encoding}"],
            )
            assert answer.text.startswith("{"), "nothing is compressed either way"
            tried.append(encoding)

    async def scenario() -> None:
        async with going_on(decoder.at(decoder.good), good_session()):
            await asyncio.to_thread(knock)

    asyncio.run(scenario())


def test_handshakes_that_are_none_are_refused(decoder: Guarded, tried: list[str]) -> None:
    address = source()
    for without in range(len(UPGRADE)):
        kept = [line for index, line in enumerate(UPGRADE) if index != without]
        answer = ask(decoder, "/v1/publish", address, decoder.good, "GET", kept)
        assert answer.status in {400, 426}, kept
        tried.append(UPGRADE[without])
    wrong = {"Sec-WebSocket-Version": "12", "Sec-WebSocket-Key": "short", "Upgrade": "h2c"}
    for name, value in wrong.items():
        lines = [f"{name}: {value}" if line.startswith(f"{name}:") else line for line in UPGRADE]
        answer = ask(decoder, "/v1/publish", address, decoder.good, "GET", lines)
        assert answer.status in {400, 426}, lines
        tried.append(f"{name}: {value}")
    answer = ask(decoder, "/v1/publish", address, decoder.good, "POST", UPGRADE)
    assert answer.status in {400, 405, 403}
    tried.append("POST")

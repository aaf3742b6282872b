"""HTTP that nobody means well with: slow, endless, or none at all."""

import asyncio
import random
import socket
import time
from contextlib import suppress

import pytest

from ..faults.beside import going_on  # noqa: TID252 - the one there is
from .guarded import CUT, LIMITS, UPGRADE, Answer, Guarded, ask, good_session, hear, knock, source

SLOW_S = LIMITS["request-s"] + 60

HEAD = "GET /healthz HTTP/1.1\r\nHost: decoder\r\n"
SLOWLY = {
    "nothing": "",
    "half a line": "GET /heal",
    "a head without an end": HEAD,
    "a head of a WebSocket": "GET /v1/publish HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n",
    "a body that was promised": "POST /healthz HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\nab",
    "chunks": "POST /healthz HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    "a request behind one": "GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\nGET /hea",
}


async def dribble(decoder: Guarded, begun: str, address: str) -> float:
    """Send a byte now and then, and say after how many s the connection was ended."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", decoder.port, local_addr=(address, 0)
    )
    started_s = time.monotonic()
    writer.write(begun.format(decoder.authority).encode())
    with suppress(OSError):
        async with asyncio.timeout(SLOW_S + 2):
            while not reader.at_eof():
                with suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(65536), 0.2)
                    continue
                writer.write(b"X" if begun else b"")
    writer.close()
    return time.monotonic() - started_s


def test_slow_requests_are_cut(decoder: Guarded, tried: list[str]) -> None:
    """Each of them several times at once; nobody else waits for them."""

    async def scenario() -> list[float]:
        address = source()
        async with going_on(decoder.at(decoder.good), good_session()):
            cases = [begun for begun in SLOWLY.values() for _ in range(8)]
            return await asyncio.gather(*(dribble(decoder, case, address) for case in cases))

    ended_s = asyncio.run(scenario())
    tried += map(str, ended_s)
    assert max(ended_s) < SLOW_S, sorted(ended_s)
    assert min(ended_s) > 0.9


def endless(start: bytes, piece: bytes) -> tuple[bytes, bytes]:
    return start, piece


ENDLESS = {
    "a request line": endless(b"GET /", b"a" * 4000),
    "one header": endless(b"GET / HTTP/1.1\r\nX: ", b"a" * 4000),
    "headers": endless(b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-A: b\r\n" * 500),
    "blank lines": endless(b"", b"\r\n" * 2000),
    "a body in chunks": endless(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"fa0\r\n" + b"a" * 4000 + b"\r\n",
    ),
    "empty extensions of chunks": endless(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a" * 4000
    ),
    "a body": endless(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16000\r\n\r\n", b"a" * 4000),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_endless_requests_are_cut(decoder: Guarded, tried: list[str], what: str) -> None:
    start, piece = ENDLESS[what]

    async def scenario() -> float:
        async with going_on(decoder.at(decoder.good), good_session()):
            return await asyncio.to_thread(pour, decoder, start, piece)

    sent_bytes = asyncio.run(scenario())
    tried.append(what)
    assert sent_bytes < 8_000_000


def pour(decoder: Guarded, start: bytes, piece: bytes) -> int:
    """Send until the connection is ended: how much that was, buffers of the kernel included."""
    peer = knock(decoder, start, source())
    sent_bytes, deadline_s = 0, time.monotonic() + SLOW_S
    with peer:
        while time.monotonic() < deadline_s:
            try:
                peer.sendall(piece)
            except OSError:
                return sent_bytes
            sent_bytes += len(piece)
            time.sleep(0.001)
    pytest.fail(f"{sent_bytes} bytes were taken")


def test_what_is_no_http_is_answered_with_400(decoder: Guarded, tried: list[str]) -> None:
    host = f"Host: {decoder.authority}\r\n"
    cases = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.Random(0).randbytes(200),  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"GET\r\n\r\n",
        b"GET /metrics HTTP/9.9\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n\r\n",  # no host
        f"GET /metrics HTTP/1.1\r\n{host}{host}\r\n".encode(),
        f"GET /metrics HTTP/1.1\r\n{host}X Y: 1\r\n\r\n".encode(),
        f"GET /metrics HTTP/1.1\r\n{host}X: a\x00b\r\n\r\n".encode(),
        f"GET /\x00 HTTP/1.1\r\n{host}\r\n".encode(),
        f"POST /metrics HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n".encode(),
        f"POST /metrics HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\n".encode(),
        f"POST /metrics HTTP/1.1\r\n{host}Transfer-Encoding: gzip\r\n\r\n".encode(),
        f"POST /metrics HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\nXYZ\r\n".encode(),
        *(bytes([0]) + random.Random(n).randbytes(300) + b"\r\n\r\n" for n in range(20)),
    ]
    address = source()
    for case in cases:
        answer = hear(knock(decoder, case, address))
        assert answer == CUT or answer.status in {400, 401, 501}, (case, answer)
    tried += map(repr, cases)


def test_a_body_that_is_too_long_is_refused_by_what_it_says(
    decoder: Guarded, tried: list[str]
) -> None:
    address = source()
    for length in (16_385, 10**9, 2**63, 10**18 + 1):
        answer = ask(decoder, "/healthz", address, None, "POST", [f"Content-Length: {length}"])
        assert (answer.status, answer.problem) == (413, "too-large"), length
        tried.append(str(length))


def test_two_requests_in_one_are_two(decoder: Guarded, tried: list[str]) -> None:
    """Lengths that contradict each other let no second request hide in a body (RFC 9112, 6.3)."""
    address = source()
    inner = "DELETE /v1/sessions/clinic-1 HTTP/1.1\r\nHost: a\r\n\r\n"
    smuggled = (
        f"POST /healthz HTTP/1.1\r\nHost: {decoder.authority}\r\nContent-Length: {len(inner)}\r\n"
        f"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}"
    )
    answer = hear(knock(decoder, smuggled.encode(), address))
    assert answer.status in {400, 405}
    tried.append(smuggled)


def test_a_handshake_in_pieces_is_one(decoder: Guarded, tried: list[str]) -> None:
    """It hears that a token is asked for, as every other one."""
    address = source()
    head = "\r\n".join(
        ["GET /v1/publish HTTP/1.1", f"Host: {decoder.authority}", *UPGRADE, "", ""]
    ).encode()
    peer = knock(decoder, head[:20], address)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for index in range(20, len(head)):
        peer.sendall(head[index : index + 1])
    assert hear(peer)[:2] == Answer(401, "no-token")[:2]
    tried.append("pieces")

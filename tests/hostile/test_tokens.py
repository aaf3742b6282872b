"""Doors tried with no token, wrong ones, expired ones, and those of other rooms."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from narrowcast_decoder.security.tokens import new_secret
from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.remote.address import Address
from narrowcast_shared.wire import SUBPROTOCOL
from narrowcast_shared.wire.messages import EndCode
from narrowcast_shared.wire.serial import parse, serialise

from ..faults.beside import going_on  # noqa: TID252 - the one there is
from ..faults.publisher import dial, hello, publishing  # noqa: TID252
from ..faults.service import soon  # noqa: TID252
from .guarded import UPGRADE, Answer, Guarded, ask, good_session, guarded, knock, source

PATHS = [
    ("GET", "/v1/sessions"),
    ("GET", "/v1/sessions/good-x"),
    ("HEAD", "/v1/sessions/good-x"),
    ("DELETE", "/v1/sessions/good-x"),
    ("DELETE", "/v1/sessions/good-x?force=true"),
    ("GET", "/v1/sessions/good-x/samples"),
    ("GET", "/v1/sessions/good-x/samples?format=csv"),
    ("GET", "/v1/sessions/good-x/marks"),
    ("POST", "/v1/sessions/good-x/marks"),
    ("GET", "/v1/sessions/good-x/face"),
    ("GET", "/v1/sessions/good-x/events"),
    ("GET", "/v1/sessions/good-x/subscribe"),
    ("GET", "/v1/publish"),
    ("GET", "/metrics"),
    ("GET", "/nothing"),
    ("PUT", "/v1/sessions/good-x"),
    ("TRACE", "/v1/sessions/good-x"),
]


def wrong_headers(decoder: Guarded) -> Iterator[tuple[str, Answer]]:
    """Headers that bring no right, and what is answered."""
    wrong, none = Answer(401, "wrong-token"), Answer(401, "no-token")
    near = decoder.good[:-1] + ("A" if decoder.good[-1] != "A" else "B")
    for secret in (new_secret(), near, decoder.good + "A", decoder.good[1:], decoder.expired, "x"):
        yield f"Authorization: Bearer {secret}", wrong
    yield f"Authorization: Bearer {'x' * 8000}", wrong
    yield f"Authorization: Bearer {decoder.good} {decoder.good}", wrong
    yield "Authorization: Bearer ", wrong
    yield "Authorization: Bearer \xff\xfe", wrong
    yield f"Authorization: Basic {decoder.good}", none
    yield f"Cookie: token={decoder.good}", none
    yield f"X-Forwarded-User: good\r\nX-Token: {decoder.good}", none
    yield "X-Forwarded-For: 127.0.0.1", none


def test_what_brings_no_right_is_401_everywhere(decoder: Guarded, tried: list[str]) -> None:
    for header, refused in wrong_headers(decoder):
        address = source()
        for method, path in PATHS:
            answer = ask(decoder, path, address, None, method, [header])
            expected = refused if method != "HEAD" else Answer(401, "")
            assert answer[:2] == expected[:2], (method, path, header)
            assert decoder.good not in answer.text
            tried.append(f"{method} {path} {header}")


def test_a_token_in_the_url_is_none(decoder: Guarded, tried: list[str]) -> None:
    address = source()
    for name in ("token", "access_token", "authorization"):
        answer = ask(decoder, f"/v1/sessions?{name}={decoder.good}", address)
        assert answer[:2] == (401, "no-token")
        tried.append(name)


def test_handshakes_without_a_right_are_refused_with_a_problem(
    decoder: Guarded, tried: list[str]
) -> None:
    address = source()
    subscribe = "/v1/sessions/good-x/subscribe"
    offers = [
        ("/v1/publish", None, "", (401, "no-token")),
        ("/v1/publish", decoder.reader, "", (403, "not-allowed")),
        ("/v1/publish", decoder.expired, "", (401, "wrong-token")),
        (subscribe, None, "", (401, "no-token")),
        (subscribe, decoder.reader, "", (403, "not-allowed")),
        (subscribe, decoder.camera, "", (403, "not-allowed")),
        (subscribe, None, f"narrowcast.token.{new_secret()}", (401, "wrong-token")),
        (subscribe, None, f"narrowcast.token.{decoder.reader}", (403, "not-allowed")),
        (subscribe, None, "narrowcast.token.", (401, "wrong-token")),
        (subscribe, None, f"token.{decoder.good}", (401, "no-token")),
        # Of two tokens the header's counts, and no third way is tried.
        (subscribe, "x", f"narrowcast.token.{decoder.good}", (401, "wrong-token")),
    ]
    for path, secret, offered, refused in offers:
        headers = [*UPGRADE, f"Sec-WebSocket-Protocol: {SUBPROTOCOL}, {offered}".rstrip(", ")]
        answer = ask(decoder, path, address, secret, "GET", headers)
        assert answer[:2] == refused, (path, offered)
        tried.append(f"{path} {offered}")


async def refused_at(address: Address, session: str, local: str) -> tuple[EndCode, str, int | None]:
    """What is said to a publisher of this session, and its close code."""
    async with dial(address, local) as socket:
        await socket.send(serialise(hello(session)))
        end = parse(await socket.recv(decode=False))  # type: ignore[arg-type]
        await socket.wait_closed()
        return end.code, end.reason, socket.close_code  # type: ignore[union-attr]


def test_a_foreign_session_can_be_neither_published_nor_taken_over(
    decoder: Guarded, tried: list[str]
) -> None:
    """Its name is told in the HELLO only, after the handshake."""

    async def scenario() -> None:
        session, local = good_session(), source()
        async with going_on(decoder.at(decoder.good), session):
            names = [session, "ward-1", "clinic", "Clinic-1", "good-", "clinic.1", "a"]
            for name in names:
                code, reason, close = await refused_at(decoder.at(decoder.camera), name, local)
                assert (code, close) == (EndCode.REFUSED, CloseCode.BAD_REQUEST)
                assert "does not give the right to publish this session" in reason
                tried.append(name)

    asyncio.run(scenario())


def test_a_list_shows_what_may_be_read_and_no_more(decoder: Guarded, tried: list[str]) -> None:
    async def scenario() -> None:
        async with (
            going_on(decoder.at(decoder.good), good_session()),
            publishing(decoder.at(decoder.camera), "clinic-listed") as publisher,
        ):
            await publisher.finish()
            seen = ask(decoder, "/v1/sessions", source(), decoder.reader)
            assert '"clinic-listed"' in seen.text
            assert '"good-' not in seen.text
            for path in ("/v1/sessions?limit=10000", "/v1/sessions?limit=1"):
                assert '"good-' not in ask(decoder, path, source(), decoder.reader).text
                tried.append(path)

    asyncio.run(scenario())


async def socket_messages(socket: ClientConnection) -> AsyncIterator[str | bytes]:
    """What comes until the connection is closed, in whatever way."""
    with suppress(ConnectionClosed):
        while True:
            yield await socket.recv()


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A decoder whose tokens change."""
    with guarded(tmp_path_factory.mktemp("rotated")) as running:
        yield running
        running.service.is_well()


def test_a_token_that_is_taken_out_ends_what_it_let_in(rotated: Guarded, tried: list[str]) -> None:
    """1. A publisher and its subscriber run. 2. The file is broken: nothing changes.
    3. Their tokens are taken out. 4. Both end, and say why; another session goes on.
    """

    async def scenario(decoder: Guarded) -> None:
        camera, reader = decoder.at(decoder.camera), decoder.at(decoder.reader)
        url = reader.subscribe_url("clinic-1", 1)
        async with (
            going_on(decoder.at(decoder.good), good_session()),
            publishing(camera, "clinic-1") as publisher,
            connect(url, additional_headers=reader.headers, proxy=None) as socket,
        ):
            await publisher.play(3)
            whole = decoder.tokens.read_text()
            decoder.tokens.write_text(whole + "[[token")
            log = decoder.service.log
            await soon(lambda: "the tokens stay as they were" in log.read_text(), "it complains")
            await publisher.play(3)
            good = whole.partition('[[token]]\nname = "camera"')[0]
            started_s = time.monotonic()
            decoder.tokens.write_text(good)
            end = await publisher.ended()
            assert (end.code, end.reason) == (EndCode.REFUSED, "the token is no longer good")
            assert publisher.socket.close_code == CloseCode.BAD_REQUEST
            async for _ in socket_messages(socket):
                pass
            assert socket.close_code == CloseCode.TOKEN_ENDED
            assert time.monotonic() - started_s < 60
            tried.extend(["publisher", "subscriber"])
            with pytest.raises(InvalidStatus):
                await dial(camera)
            tried.append("again")

    asyncio.run(scenario(rotated))


def test_a_token_that_expires_while_it_is_used_ends_an_event_stream(
    rotated: Guarded, tried: list[str]
) -> None:
    async def begin() -> None:
        async with publishing(rotated.at(rotated.good), "good-1") as publisher:
            await publisher.play(3)

    asyncio.run(begin())
    text = rotated.tokens.read_text()
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7))
    rotated.tokens.write_text(text.replace('name = "good"\n', f'name = "good"\nexpires = {at}\n'))
    request = (
        f"GET /v1/sessions/good-1/events HTTP/1.1\r\nHost: {rotated.authority}\r\n"
        f"Authorization: Bearer {rotated.good}\r\n\r\n"
    )
    with closing(knock(rotated, request.encode(), source())) as peer:
        data = b""
        while b"event: end" not in data:
            more = peer.recv(65536)
            assert more, data
            data += more
    assert b'{"reason":"refused"}' in data
    tried.append("expired")

"""A decoder behind tokens, and ways to knock at its door."""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from narrowcast_client import decoder_at
from narrowcast_decoder.security import token_file
from narrowcast_decoder.security.scopes import Scope
from narrowcast_decoder.security.tokens import Token, digest_of, new_secret
from narrowcast_shared.remote.address import Address

from ..faults.service import Service, service  # noqa: TID252 - the one there is

LIMITS = {
    "connections-per-address": 64,
    "new-connections-per-s": 20,
    "requests-per-s": 40,
    "request-s": 1,
    "sessions": 8,
    "subscribers-per-session": 10,
    "publish-bytes-per-s": 200_000,
}
BURST_S = 4
WAIT_S = 90.0

_sources = count(10)
_sessions = count()


class Answer(NamedTuple):
    """The status of an HTTP answer, and the last part of its problem's type, if it has one."""

    status: int
    problem: str
    text: str = ""


CUT = Answer(0, "")
"""The connection was ended without one."""


class Guarded(NamedTuple):
    """A running decoder, and secrets of tokens by what they are for."""

    service: Service
    tokens: Path
    good: str  # publishes and reads good-*
    camera: str  # publishes clinic-*
    reader: str  # reads clinic-*
    expired: str

    @property
    def secrets(self) -> list[str]:
        return [self.good, self.camera, self.reader, self.expired]

    @property
    def url(self) -> str:
        return self.service.url

    def at(self, secret: str | None = None) -> Address:
        """The decoder, with a token."""
        return decoder_at(self.url, token=secret)

    @property
    def authority(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0


def source() -> str:
    """An address of this machine that nobody has used: limits by address begin anew."""
    above, last = divmod(next(_sources), 256)
    return f"127.0.{66 + above}.{last}"


def good_session() -> str:
    """The name of a session that goes on beside an attack."""
    return f"good-{next(_sessions)}"


@contextmanager
def guarded(folder: Path, *more: str) -> Iterator[Guarded]:
    """A decoder that strangers reach, with its files in `folder`."""
    tokens = folder / "tokens.toml"
    secrets = [new_secret() for _ in range(4)]
    both, clinic = frozenset({Scope.PUBLISH, Scope.SUBSCRIBE}), ("clinic-*",)
    entries = [
        ("good", both, ("good-*",), None),
        ("camera", frozenset({Scope.PUBLISH}), clinic, None),
        ("reader", frozenset({Scope.SUBSCRIBE}), clinic, None),
        ("expired", frozenset(Scope), ("*",), 1_000_000_000.0),
    ]
    for secret, (name, scopes, sessions, expires_s) in zip(secrets, entries, strict=True):
        token = Token(name, digest_of(secret), scopes, sessions, expires_s)
        token_file.add(tokens, token)
    limits = [f"--max-{name}={value}" for name, value in LIMITS.items()]
    arguments = ["--host", "0.0.0.0", "--tokens", str(tokens), *limits, *more]
    with service(folder, arguments=arguments) as running:
        yield Guarded(running, tokens, *secrets)


def knock(decoder: Guarded, sent: bytes, address: str) -> socket.socket:
    """A connection from that address on which this was sent."""
    peer = socket.create_connection(
        ("127.0.0.1", decoder.port), timeout=WAIT_S, source_address=(address, 0)
    )
    with suppress(OSError):  # it was ended meanwhile: what there is to read says why
        peer.sendall(sent)
    return peer


def hear(peer: socket.socket) -> Answer:
    """What is answered until the connection is ended. Its end is ours too."""
    data = b""
    with peer, suppress(ConnectionResetError):
        while not _is_whole(data) and (more := peer.recv(65536)):
            data += more
    return _parsed(data)


def ask(
    decoder: Guarded,
    target: str,
    address: str,
    secret: str | None = None,
    method: str = "GET",
    headers: Sequence[str] = (),
) -> Answer:
    """One request, its target as it is."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {decoder.authority}", *headers]
    if secret is not None:
        lines.append(f"Authorization: Bearer {secret}")
    return hear(knock(decoder, "\r\n".join([*lines, "", ""]).encode("latin-1"), address))


UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


def _is_whole(data: bytes) -> bool:
    """Whether an answer with its body is here."""
    head, blank, body = data.partition(b"\r\n\r\n")
    if not blank:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.partition(b":")[2])
    return head.startswith(b"HTTP/1.1 101 ")


def _parsed(data: bytes) -> Answer:
    if not data.startswith(b"HTTP/1.1 "):
        return CUT
    body = data.partition(b"\r\n\r\n")[2]
    status = int(data[9:12])
    try:
        return Answer(status, json.loads(body)["type"].rpartition(":")[2], body.decode())
    except (ValueError, KeyError, TypeError):
        return Answer(status, "", body.decode("latin-1"))

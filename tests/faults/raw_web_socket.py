"""A WebSocket without a library at our end: it reads nothing that it is not asked to."""

import base64
import os
import socket
from urllib.parse import urlsplit

from websockets.frames import Frame, Opcode

WAIT_S = 90.0
LEAST_BUFFER_BYTES = 4096
"""What the kernel takes for a connection, at the least."""


def upgraded(url: str, subprotocol: str = "") -> socket.socket:
    """A connection to a ws:// URL, its handshake done. Blocks. Its owner closes it."""
    parts = urlsplit(url)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {parts.path}?{parts.query} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        *([f"Sec-WebSocket-Protocol: {subprotocol}"] if subprotocol else []),
    ]
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LEAST_BUFFER_BYTES)
    peer.settimeout(WAIT_S)
    peer.connect((parts.hostname, parts.port))
    peer.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += peer.recv(1)
    assert head.startswith(b"HTTP/1.1 101 "), head
    return peer


def as_sent(data: bytes, opcode: Opcode = Opcode.BINARY, *, fin: bool = True) -> bytes:
    """The bytes of a client's frame."""
    return Frame(opcode, data, fin).serialize(mask=True)

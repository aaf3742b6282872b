"""What a message costs on the line, headers counted.

IPv4 20 B + TCP with timestamps 32 B (RFC 9293, RFC 7323) + WebSocket header of a masked
client frame (RFC 6455, section 5.2): 2 B, 4 B of mask, 2 B more above 125 B of payload.
"""

IP_TCP_BYTES = 52
TCP_SEGMENT_BYTES = 1448
"""Payload of a full segment on Ethernet: 1500 - 52."""

SMALL_PAYLOAD_BYTES = 125
FRAMING_BYTES = (6, 8)
"""WebSocket header and mask, up to a small payload and above."""

DATA_HEAD_BYTES = 12
"""Of a DATA message an hour into a session (docs/protocol.md)."""

ENTRY_HEAD_BYTES = 1.3
"""Of a coded frame in it: one byte up to 31 B of access unit, two above."""

RUN_BYTES = 1.0
"""Of the frames left out between two coded ones."""

OPENING_BYTES = 520
"""What opening a connection costs an encoder: SYN and ACK (112 B), the upgrade request (about
300 B) and the HELLO (about 105 B), headers counted; `narrowcast bench wire` bills them all."""


def wire_bytes(payload_bytes: int) -> int:
    """Bytes on the line of one WebSocket message of an encoder: 58 and its payload, 60 above
    125 B, and 52 for each further TCP segment.
    """
    framed = payload_bytes + FRAMING_BYTES[payload_bytes > SMALL_PAYLOAD_BYTES]
    segments = -(-framed // TCP_SEGMENT_BYTES)
    return framed + IP_TCP_BYTES * segments


def data_wire_bps(fps: float, frames_per_message: int, unit_bytes: float, *, run: bool) -> float:
    """Bit/s on the line of coded frames whose mean access unit is `unit_bytes`.

    run: whether captured frames are left out between them.
    """
    entry_bytes = unit_bytes + ENTRY_HEAD_BYTES + (RUN_BYTES if run else 0.0)
    payload_bytes = DATA_HEAD_BYTES + frames_per_message * entry_bytes
    return 8 * wire_bytes(round(payload_bytes)) * fps / frames_per_message

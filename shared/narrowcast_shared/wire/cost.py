"""What a message costs on the line, headers counted.

IPv4 20 B + TCP with timestamps 32 B (RFC 9293, RFC 7323) + WebSocket header of a masked
client frame (RFC 6455, section 5.2): 2 B, 4 B of mask, 2 B more above 125 B of payload.
"""

IP_TCP_BYTES = 52
TCP_SEGMENT_BYTES = 1448
"""Payload of a full segment on Ethernet: 1500 - 52."""

SMALL_PAYLOAD_BYTES = 125

OPENING_BYTES = 520
"""What opening a connection costs an encoder: SYN and ACK (112 B), the upgrade request (about
300 B) and the HELLO (about 105 B), headers counted; `narrowcast bench wire` bills them all."""


def wire_bytes(payload_bytes: int) -> int:
    """Bytes on the line of one WebSocket message of an encoder: 58 and its payload, 60 above
    125 B, and 52 for each further TCP segment.
    """
    framed = payload_bytes + (6 if payload_bytes <= SMALL_PAYLOAD_BYTES else 8)
    segments = -(-framed // TCP_SEGMENT_BYTES)
    return framed + IP_TCP_BYTES * segments

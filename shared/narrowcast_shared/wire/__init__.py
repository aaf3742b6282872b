"""Wire format v1: what encoder and decoder say to each other, as bytes. docs/protocol.md.

No I/O and no clock here: bytes in, messages out, and back.
"""

SUBPROTOCOL = "narrowcast.v1"
"""WebSocket subprotocol (RFC 6455, section 1.9) that both ends must agree on."""

VERSION = 1

MAX_MESSAGE_BYTES = 0xFFFF
"""Longest message either end takes: six seconds of 96-px chips at QP 18, and the longest that
WebSocket frames with a 16-bit length.
"""

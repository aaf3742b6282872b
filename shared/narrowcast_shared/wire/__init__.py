"""Wire format v1: what encoder and decoder say to each other, as bytes. docs/protocol.md.

No I/O and no clock here: bytes in, messages out, and back.
"""

SUBPROTOCOL = "narrowcast.v1"
"""WebSocket subprotocol (RFC 6455, section 1.9) that both ends must agree on."""

VERSION = 1

MAX_MESSAGE_BYTES = 64 * 1024
"""Longest message either end takes: three times a second of 96-px chips at QP 18."""

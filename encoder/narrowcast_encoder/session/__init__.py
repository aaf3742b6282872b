"""One stream from chips to messages and back, without I/O: bytes and time in, bytes out."""

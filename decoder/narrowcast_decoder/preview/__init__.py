"""The face as it is received, beside what the network takes it for: shown where it may be.

The permission is the publisher's (`Capability.PREVIEW`). Without it no picture is kept. With it,
the last chip of a session is in memory for as long as its publisher is connected, and nowhere else.
"""

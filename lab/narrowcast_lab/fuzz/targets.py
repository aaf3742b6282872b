"""The targets by name."""

import importlib
from collections.abc import Callable
from typing import NamedTuple


class Target(NamedTuple):
    """A fuzz target: `run` takes one input and raises what it finds, `seeds` are to begin with."""

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


class About(NamedTuple):
    """Where a target is, what it does, and the longest input that means anything to it."""

    module: str
    what: str
    max_bytes: int


TARGETS = {
    "wire": About("narrowcast_lab.fuzz.wire_target", "bytes into the wire parser", 4096),
    "codec": About("narrowcast_lab.fuzz.codec_target", "access units into FFmpeg", 1024),
    "receiver": About("narrowcast_lab.fuzz.receiver_target", "messages into a receiver", 1024),
}


def load(module: str) -> Target:
    """The target in a module, with all that it exercises; imported only now."""
    found = importlib.import_module(module)
    return Target(found.run, found.seeds)

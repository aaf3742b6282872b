"""The Python subscriber: the valence series of a decoder, sample by sample.

    import asyncio
    from narrowcast_client import subscribe

    async def main() -> None:
        async for sample in subscribe("http://127.0.0.1:8000", session="cam-1"):
            print(sample.t, sample.status, sample.valence)

    asyncio.run(main())

Where the decoder requires a token: `subscribe(decoder_at(URL, token=...), ...)`.
`examples/subscribe.py` is the same as a program.

Each name is loaded when it is first used: the command line imports this package for its help pages.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from narrowcast_client.api import add_mark, decoder_at, get_marks
    from narrowcast_client.stream import Replay
    from narrowcast_client.subscription import Notice, State, replay, subscribe
    from narrowcast_shared.marks import Mark
    from narrowcast_shared.remote.address import Address

__all__ = [
    "Address",
    "Mark",
    "Notice",
    "Replay",
    "State",
    "add_mark",
    "decoder_at",
    "get_marks",
    "replay",
    "subscribe",
]

_MODULES = {
    "Address": "narrowcast_shared.remote.address",
    "Mark": "narrowcast_shared.marks",
    "Notice": "narrowcast_client.subscription",
    "Replay": "narrowcast_client.stream",
    "State": "narrowcast_client.subscription",
    "add_mark": "narrowcast_client.api",
    "decoder_at": "narrowcast_client.api",
    "get_marks": "narrowcast_client.api",
    "replay": "narrowcast_client.subscription",
    "subscribe": "narrowcast_client.subscription",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)

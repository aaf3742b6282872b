"""The Python subscriber: the valence series of a decoder, sample by sample.

    import asyncio
    from narrowcast_shared.client import subscribe

    async def main() -> None:
        async for sample in subscribe("http://127.0.0.1:8000", session="cam-1"):
            print(sample.t, sample.status, sample.valence)

    asyncio.run(main())

Where the decoder wants a token: `subscribe(decoder_at(URL, token=...), ...)`.
`examples/subscribe.py` is the same as a program.
"""

from pathlib import Path

from pydantic import SecretStr

from narrowcast_shared.client.marks import add_mark, get_marks
from narrowcast_shared.client.stream import Replay
from narrowcast_shared.client.subscription import Notice, State, replay, subscribe
from narrowcast_shared.marks import Mark
from narrowcast_shared.remote.access import make_access
from narrowcast_shared.remote.address import Address, parse_address

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


def decoder_at(
    url: str, *, token: str | SecretStr | None = None, ca: str | Path | None = None
) -> Address:
    """A decoder that wants a token, or whose certificate is signed by an authority of its own.

    token: its secret; it is shown in no log and no repr. ca: file of certificates to trust, PEM.
    Raises SettingsError where the URL or the token is none.
    """
    return parse_address(url, make_access(token, ca))

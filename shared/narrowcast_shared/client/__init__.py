"""The Python subscriber: the valence series of a decoder, sample by sample.

    import asyncio
    from narrowcast_shared.client import subscribe

    async def main() -> None:
        async for sample in subscribe("http://127.0.0.1:8000", session="cam-1"):
            print(sample.t, sample.status, sample.valence)

    asyncio.run(main())

`examples/subscribe.py` is the same as a program.
"""

from narrowcast_shared.client.stream import Replay
from narrowcast_shared.client.subscription import Notice, State, replay, subscribe

__all__ = ["Notice", "Replay", "State", "replay", "subscribe"]

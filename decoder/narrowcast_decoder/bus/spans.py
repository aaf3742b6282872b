"""Ids by capture times: the blocks of a series that may hold one, and then their samples."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from narrowcast_decoder.bus import encoding, keys
from narrowcast_decoder.bus.client import BusClient
from narrowcast_decoder.store.interface import IdSpan

BLOCK = 256
"""Ids of one block. Smaller ones make longer indices, larger ones more samples to be read."""


class Block(NamedTuple):
    """Capture times (s) of the ids from `number * BLOCK` on; some may have been deleted since."""

    number: int
    lowest_t: float
    highest_t: float


async def span(client: BusClient, session: str, from_t: float, to_t: float) -> IdSpan | None:
    """`SampleStore.span`."""
    blocks = _candidates(await client.call("HGETALL", keys.times(session)), from_t, to_t)
    for first_block in blocks:
        if first := await _ids(client, session, first_block, from_t, to_t):
            break
    else:
        return None
    for last_block in reversed(blocks):
        if last := await _ids(client, session, last_block, from_t, to_t):
            return IdSpan(first[0], last[-1])
    return None  # deleted meanwhile


def _candidates(times: Mapping[bytes, bytes], from_t: float, to_t: float) -> list[Block]:
    """The blocks that may have samples of that time, in order."""
    found = (Block(int(number), *map(float, both.split())) for number, both in times.items())
    return sorted(block for block in found if block.lowest_t < to_t and block.highest_t >= from_t)


async def _ids(
    client: BusClient, session: str, block: Block, from_t: float, to_t: float
) -> list[int]:
    """The ids in a block whose samples are of that time."""
    first = block.number * BLOCK
    found = await entries(client, session, first, first + BLOCK - 1)
    samples = encoding.samples(session, found)
    return [sample.id for sample in samples if from_t <= sample.t < to_t]


async def entries(
    client: BusClient, session: str, first: int, last: int | str, limit: int | None = None
) -> Iterable[tuple[int, bytes]]:
    """The entries of ids from `first` to `last`, with their ids; at most `limit`."""
    count = () if limit is None else ("COUNT", limit)
    found = await client.call("XRANGE", keys.stream(session), first, last, *count)
    return [(int(name.partition(b"-")[0]), fields.get(b"s", b"")) for name, fields in found]

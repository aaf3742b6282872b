"""Part of a series, by ids and by capture times, read page by page from any store."""

import math
from collections.abc import AsyncGenerator
from itertools import takewhile
from typing import NamedTuple

from narrowcast_decoder.store.interface import SampleStore
from narrowcast_shared.samples import Sample

MAX_ID = 2**63 - 1


class Range(NamedTuple):
    """Ids above `after_id` up to `last_id`, captured (s) from `from_t` until before `to_t`."""

    after_id: int = 0
    last_id: int = MAX_ID
    from_t: float = -math.inf
    to_t: float = math.inf

    @property
    def is_timed(self) -> bool:
        """Whether capture times matter at all."""
        return self.from_t > -math.inf or self.to_t < math.inf

    def holds(self, sample: Sample) -> bool:
        """Whether the sample is of this part."""
        return self.after_id < sample.id <= self.last_id and self.from_t <= sample.t < self.to_t


_NOTHING = Range(0, 0)


async def narrowed(store: SampleStore, session: str, part: Range) -> Range:
    """The same part with the ids that it has in this series; so that nothing else is read."""
    if not part.is_timed:
        return part
    span = await store.span(session, part.from_t, part.to_t)
    if span is None:
        return _NOTHING
    first, last = max(part.after_id, span.first - 1), min(part.last_id, span.last)
    return part._replace(after_id=first, last_id=last)


async def pages(
    store: SampleStore, session: str, part: Range, page: int
) -> AsyncGenerator[list[Sample], None]:
    """The samples of a narrowed part, at most `page` at a time and never none, in order of id."""
    after_id = part.after_id
    while after_id < part.last_id:
        read = await store.read(session, after_id, min(page, part.last_id - after_id))
        if not read:
            return
        after_id = read[-1].id
        if found := [sample for sample in read if part.holds(sample)]:
            yield found


async def first(store: SampleStore, session: str, part: Range, limit: int) -> list[Sample]:
    """The first `limit` samples of a part."""
    found = await _next(store, session, part, limit)
    if len(found) >= limit:
        return found
    rest = part._replace(after_id=found[-1].id) if found else part
    async for page in pages(store, session, await narrowed(store, session, rest), limit):
        found += page
        if len(found) >= limit:
            break
    return found[:limit]


async def _next(store: SampleStore, session: str, part: Range, limit: int) -> list[Sample]:
    """Of a part that is read on with: the samples that come next, up to one that is not of it.

    To narrow the part takes as long as it is. Who reads a long one page by page would have the
    whole of it looked through for each of them.
    """
    if not part.is_timed or part.after_id == 0:
        return []
    read = await store.read(session, part.after_id, limit)
    return list(takewhile(part.holds, read))

"""Frames that an outage cut off: a gap in sequence numbers becomes lost frames, one each."""

from typing import NamedTuple

from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_shared.errors import ProtocolError

MAX_GAP = 200_000
"""Frames in one gap: almost two hours at 30 fps. More is no outage but a broken encoder."""


class Gap(NamedTuple):
    """Frames `next_seq` to `end_seq`, the latter not included, between two capture times (us)."""

    next_seq: int
    end_seq: int
    start_us: int
    end_us: int


def fill(gap: Gap, wire_bps: int) -> list[TakenFrame]:
    """Lost frames, evenly spaced in time. Raises ProtocolError on a gap beyond `MAX_GAP`."""
    count = max(0, gap.end_seq - gap.next_seq)
    if count > MAX_GAP:
        raise ProtocolError(f"a gap of {count} frames, at most {MAX_GAP} are taken as an outage")
    span_us = max(0, gap.end_us - gap.start_us)
    return [
        TakenFrame(
            gap.next_seq + index,
            gap.start_us + span_us * (index + 1) // (count + 1),
            Fate.LOST,
            wire_bps,
        )
        for index in range(count)
    ]
